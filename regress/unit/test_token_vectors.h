/*
 * Copyright (c) 2026 The gatewayd authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef GATEWAYD_REGRESS_TEST_TOKEN_VECTORS_H
#define GATEWAYD_REGRESS_TEST_TOKEN_VECTORS_H

#include "forge.h"

/* Made by the platform's own code with the secret SECRET. */
static const struct vector {
	const char		*name;
	enum token_result	 want;
	const char		*principal;
	int64_t			 now;
	const char		*token;
} vectors[] = {
	{
		"login", TOKEN_OK, "did:plc:alice", NOW,
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJkaWQiOiJkaWQ6cGx"
		"jOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDB"
		"9.rm_d0vFQMcMoJ-AHMwKdTHOikM8Dv43fyBE5kDnh_d8"
	},
	{
		"cli", TOKEN_OK, "did:plc:alice", NOW,
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJkaWQiOiJkaWQ6cGx"
		"jOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwLCJleHAiOjMzMjk2MDAwMDA"
		"wfQ.tVVj4oPWVqywBSI7gmdA2YXM_Cnvl7FziuJL8EiXObI"
	},
	{
		"expired", TOKEN_EXPIRED, "", NOW,
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJkaWQiOiJkaWQ6cGx"
		"jOmFsaWNlIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDA2MDQ4MDB"
		"9.XpAVMsdsbZT-DU0qR6K1VWqPHgzEugPRhP-e159IkOU"
	},
	{
		"terminal", TOKEN_OK, "did:plc:alice", NOW,
		"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkaWQ6cGx"
		"jOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwfQ.AkV7SWivgcFrEU0Yu2bM"
		"I-QyjECYfzWClX5qvqLvqXE"
	},
	{
		"terminal, a day later", TOKEN_EXPIRED, "", NOW + 86400,
		"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkaWQ6cGx"
		"jOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwfQ.AkV7SWivgcFrEU0Yu2bM"
		"I-QyjECYfzWClX5qvqLvqXE"
	},
	{
		"other user", TOKEN_OK, "did:plc:mallory", NOW,
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJkaWQiOiJkaWQ6cGx"
		"jOm1hbGxvcnkiLCJpYXQiOjE3NjAwMDAwMDAsImV4cCI6NDEwMjQ0NDg"
		"wMH0.nW_2x3mMv__XVTp3c9ntWuzKYmgcDs8rmQgciHcJWBw"
	},
	{
		"HS384", TOKEN_INVALID, "", NOW,
		"eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJkaWQiOiJkaWQ6cGx"
		"jOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDB"
		"9.ZoxEzIe-LudWbICPPXBoj52AEUk_rTRNv42iuDaY6qEEE8RTyx3cWG"
		"-CcbpgBAf9"
	},
	{
		"not yet valid", TOKEN_INVALID, "", NOW,
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJkaWQiOiJkaWQ6cGx"
		"jOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwLCJuYmYiOjQxMDI0NDQ4MDA"
		"sImV4cCI6NDEwMjQ0ODQwMH0.4P-d4tr9H_V5A2SeDWi7kaAmOhHJkqd"
		"yFi8Icme6AFM"
	},
	{
		"wrong key", TOKEN_INVALID, "", NOW,
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJkaWQiOiJkaWQ6cGx"
		"jOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDB"
		"9.9mZu6akLreJ8yzqyZ6pEb5Ne6dOMVcKiuJ0j77hTtPg"
	},
	{
		"alg none", TOKEN_INVALID, "", NOW,
		"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJkaWQiOiJkaWQ6cGxj"
		"OmFsaWNlIiwiZXhwIjo0MTAyNDQ0ODAwfQ."
	}
};

#endif /* GATEWAYD_REGRESS_TEST_TOKEN_VECTORS_H */
