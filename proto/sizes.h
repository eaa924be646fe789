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

#ifndef GATEWAYD_PROTO_SIZES_H
#define GATEWAYD_PROTO_SIZES_H

/* The longest of everything that several processes must agree about. */
#define SANDBOX_ID_MAX		128
#define PRINCIPAL_MAX		2048	/* a DID; also the longest sub */
#define TOKEN_MAX		8192
#define USER_NAME_MAX		32
#define SESSION_NAME_MAX	128
#define HOST_MAX		253	/* a DNS name or an address */
#define ADDRESS_MAX		47	/* IPv6 text form */
#define REASON_MAX		255
#define LOG_TEXT_MAX		1023
#define PATH_TEXT_MAX		1023
#define KID_MAX			127
#define ISSUER_MAX		511
#define ORIGIN_MAX		511
#define ASSET_NAME_MAX		63
#define COLS_MAX		1000
#define ROWS_MAX		1000
#define GRANT_LEN		16	/* 128 random bits */
#define HASH_LEN		32	/* SHA-256 */
#define TICKET_LEN		16	/* 128 random bits */
#define TICKET_TIME		30	/* seconds to its first use */

/* An answer's head that the frontend made and the worker sends. */
#define HEAD_BLOCK_MAX		2048

/* Input that fits into a message; more travels as a blob. */
#define INPUT_INLINE_MAX	8192

/* Blobs: a record with all its sealed secrets; a request body; what a
 * client sent before it was handed over; argv and environment of a shell;
 * what a client wants to be run; an answer of a worker. */
#define BLOB_RECORD_MAX		(32 * 1024 * 1024)
#define BLOB_INPUT_MAX		(128 * 1024)
#define BLOB_UNREAD_MAX		(96 * 1024)
#define BLOB_PTY_MAX		(20 * 1024 * 1024)
#define BLOB_LAUNCH_MAX		(128 * 1024)
#define BLOB_REPORT_MAX		(1024 * 1024)

/* A file of the page; the longest is the terminal, of some 350 KiB. */
#define BLOB_ASSET_MAX		(2 * 1024 * 1024)

#endif /* GATEWAYD_PROTO_SIZES_H */
