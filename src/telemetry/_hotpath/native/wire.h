/* Protocol buffers, written forward into memory of known size: every length is known before, from parts made earlier. */
#pragma once
#include "machine.h"

static inline size_t
varint_size(uint64_t number)
{
    return 1 + (63 - __builtin_clzll(number | 1)) / 7;
}

static inline unsigned char *
put_varint(unsigned char *at, uint64_t number)
{
    while (number > 0x7f) {
        *at++ = (unsigned char)(number | 0x80);
        number >>= 7;
    }
    *at++ = (unsigned char)number;
    return at;
}

static inline unsigned char *
put_bytes(unsigned char *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

static inline unsigned char *
put_fixed64(unsigned char *at, unsigned char tag, uint64_t number)
{
    uint64_t ordered = little_endian(number);
    *at++ = tag;
    return put_bytes(at, &ordered, 8);
}

/* A field with a length: the tag is its first byte. */
static inline unsigned char *
put_message(unsigned char *at, unsigned char tag, const void *bytes, size_t size)
{
    *at++ = tag;
    at = put_varint(at, size);
    return put_bytes(at, bytes, size);
}

static inline size_t
message_size(size_t size)
{
    return 1 + varint_size(size) + size;
}

/* `KeyValue` with a text: the field's own content is 0a key 12 (0a text). */
static inline size_t
text_attribute_size(size_t key, size_t text)
{
    return message_size(message_size(key) + message_size(message_size(text)));
}

static inline unsigned char *
put_text_attribute(unsigned char *at, unsigned char tag, const void *key, size_t key_size, const void *text, size_t size)
{
    *at++ = tag;
    at = put_varint(at, message_size(key_size) + message_size(message_size(size)));
    at = put_message(at, 0x0a, key, key_size);
    *at++ = 0x12;
    at = put_varint(at, message_size(size));
    return put_message(at, 0x0a, text, size);
}
