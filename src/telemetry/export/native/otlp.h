// Writes a family as an OTLP metric, from a snapshot of its cells (opentelemetry-proto 1.x, metrics.proto).
#pragma once

#include "snapshot.h"

namespace rendering {

enum Wire : unsigned { VARINT = 0, FIXED64 = 1, LENGTH = 2 };

constexpr char tag(unsigned field, Wire wire) { return static_cast<char>(field << 3 | wire); }

constexpr size_t FIXED64_FIELD = 1 + 8;

inline size_t varint_size(uint64_t value) { return 1 + (63 - __builtin_clzll(value | 1)) / 7; }

inline size_t field_size(size_t content) { return 1 + varint_size(content) + content; }

inline char *write_varint(char *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
    *out = static_cast<char>(value);
    return out + 1;
}

inline char *open_field(char *out, unsigned field, size_t content) {
    *out = tag(field, LENGTH);
    return write_varint(out + 1, content);
}

inline char *write_bytes(char *out, const void *bytes, size_t size) {
    std::memcpy(out, bytes, size);
    return out + size;
}

inline char *write_fixed64(char *out, unsigned field, uint64_t word) {
    *out = tag(field, FIXED64);
    return write_bytes(out + 1, &word, sizeof word);
}

// What proto3 leaves out where it is zero.
inline size_t plain_size(uint64_t word) { return word ? FIXED64_FIELD : 0; }

inline char *write_plain(char *out, unsigned field, uint64_t word) {
    return word ? write_fixed64(out, field, word) : out;
}

inline size_t packed_size(size_t words) { return words ? field_size(8 * words) : 0; }

inline char *write_packed(char *out, unsigned field, const void *words, size_t count) {
    return count ? write_bytes(open_field(out, field, 8 * count), words, 8 * count) : out;
}

inline uint64_t histogram_count(const Family &family, const uint64_t *value) {
    uint64_t count = 0;
    for (size_t bucket = 0; bucket < family.marks.size(); ++bucket) count += value[bucket];
    return count;
}

inline size_t quantile_size(double share, uint64_t estimate) {
    return plain_size(word_of(share)) + plain_size(estimate);
}

inline size_t value_size(const Family &family, const uint64_t *value) {
    if (family.kind == HISTOGRAM)
        return plain_size(histogram_count(family, value)) + FIXED64_FIELD + packed_size(family.marks.size()) +
               packed_size(family.numbers.size());
    if (family.kind != SUMMARY) return FIXED64_FIELD;
    size_t size = plain_size(value[SUMMARY_COUNT]) + plain_size(value[SUMMARY_SUM]);
    for (size_t i = 0; i < family.numbers.size(); ++i)
        size += field_size(quantile_size(family.numbers[i], value[SUMMARY_VALUES + i]));
    return size;
}

// A row of the snapshot begins with the series' start, which means nothing for a gauge (metrics.proto, NumberDataPoint).
inline uint64_t start_of(const Family &family, const uint64_t *row) { return family.kind == GAUGE ? 0 : row[0]; }

// The attributes stand encoded in the series' only piece.
inline size_t point_size(const Family &family, size_t series, const uint64_t *row, uint64_t time) {
    const size_t times = plain_size(start_of(family, row)) + plain_size(time);
    return times + value_size(family, row + 1) + family.piece(series, 0).size();
}

inline char *write_attributes(char *out, const Family &family, size_t series) {
    const std::string_view attributes = family.piece(series, 0);
    return write_bytes(out, attributes.data(), attributes.size());
}

// HistogramDataPoint: count = 4, sum = 5 (optional), bucket_counts = 6, explicit_bounds = 7, attributes = 9
inline char *write_histogram_point(char *out, const Family &family, size_t series, const uint64_t *value) {
    const size_t buckets = family.marks.size();
    out = write_plain(out, 4, histogram_count(family, value));
    out = write_fixed64(out, 5, value[buckets]);
    out = write_packed(out, 6, value, buckets);
    out = write_packed(out, 7, family.numbers.data(), family.numbers.size());
    return write_attributes(out, family, series);
}

// SummaryDataPoint: count = 4, sum = 5, quantile_values = 6 (quantile = 1, value = 2), attributes = 7
inline char *write_summary_point(char *out, const Family &family, size_t series, const uint64_t *value) {
    out = write_plain(out, 4, value[SUMMARY_COUNT]);
    out = write_plain(out, 5, value[SUMMARY_SUM]);
    for (size_t i = 0; i < family.numbers.size(); ++i) {
        const uint64_t estimate = value[SUMMARY_VALUES + i];
        out = open_field(out, 6, quantile_size(family.numbers[i], estimate));
        out = write_plain(write_plain(out, 1, word_of(family.numbers[i])), 2, estimate);
    }
    return write_attributes(out, family, series);
}

// NumberDataPoint: as_double = 4 (of a oneof, so zero is written), attributes = 7
inline char *write_point(char *out, const Family &family, size_t series, const uint64_t *row, uint64_t time) {
    out = write_plain(write_plain(out, 2, start_of(family, row)), 3, time);
    if (family.kind == HISTOGRAM) return write_histogram_point(out, family, series, row + 1);
    if (family.kind == SUMMARY) return write_summary_point(out, family, series, row + 1);
    return write_attributes(write_fixed64(out, 4, row[1]), family, series);
}

// Metric: gauge = 5, sum = 7, histogram = 9, summary = 11; cumulative (2) = aggregation_temporality = 2, is_monotonic = 3
inline unsigned data_field(const Family &family) {
    constexpr unsigned fields[] = {7, 5, 9, 11};
    return fields[family.kind];
}

inline std::string_view temporality(const Family &family) {
    if (family.kind == COUNTER) return "\x10\x02\x18\x01";
    return family.kind == HISTOGRAM ? "\x10\x02" : "";
}

inline size_t data_size(const Family &family, const uint64_t *snapshot, uint64_t time) {
    size_t size = temporality(family).size();
    const size_t words = 1 + value_words(family);
    for (size_t series = 0; series < family.places.size(); ++series, snapshot += words)
        size += field_size(point_size(family, series, snapshot, time));
    return size;
}

// The head of a family is its name, description and unit, encoded.
inline size_t metric_size(const Family &family, size_t data) { return family.head.size() + field_size(data); }

inline char *write_metric(char *out, const Family &family, const uint64_t *snapshot, uint64_t time, size_t data) {
    out = write_bytes(out, family.head.data(), family.head.size());
    out = open_field(out, data_field(family), data);
    const size_t words = 1 + value_words(family);
    for (size_t series = 0; series < family.places.size(); ++series, snapshot += words) {
        out = open_field(out, 1, point_size(family, series, snapshot, time));
        out = write_point(out, family, series, snapshot, time);
    }
    const std::string_view trailer = temporality(family);
    return write_bytes(out, trailer.data(), trailer.size());
}

constexpr size_t PREFIX_BYTES = 1 + 10;

inline size_t most_value(const Family &family) {
    if (family.kind == HISTOGRAM) return 2 * (FIXED64_FIELD + PREFIX_BYTES) + 8 * (family.marks.size() + family.numbers.size());
    return (2 + 3 * family.numbers.size()) * FIXED64_FIELD;
}

inline size_t most_otlp(const Family &family) {
    const size_t each = PREFIX_BYTES + 2 * FIXED64_FIELD + most_value(family);
    return family.head.size() + family.text.size() + family.places.size() * each + 2 * PREFIX_BYTES;
}

}  // namespace rendering
