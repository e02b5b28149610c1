// Writes a number as Prometheus' own Go code does, and as `sample.number` does in Python.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rendering {

constexpr size_t NUMBER_BYTES = 32;  // the longest is -2.2250738585072014e-308, of 24

inline char *write_special(char *out, double value) {
    const char *text = std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    const size_t size = std::strlen(text);
    std::memcpy(out, text, size);
    return out + size;
}

inline char *write_point_zero(char *out) {
    out[0] = '.';
    out[1] = '0';
    return out + 2;
}

inline bool is_small_count(double value) {
    return value >= 0 && value < 1e6 && value == static_cast<int32_t>(value) && !std::signbit(value);
}

// Exponents begin at a million for positive numbers, and where Python's repr has them for negative ones.
inline bool is_scientific(double value) {
    const double size = std::fabs(value);
    return size >= (value > 0 ? 1e6 : 1e16) || (size < 1e-4 && size > 0);
}

inline char *write_number(char *out, double value) {
    char *limit = out + NUMBER_BYTES;
    if (!std::isfinite(value)) return write_special(out, value);
    if (is_small_count(value)) return write_point_zero(std::to_chars(out, limit, static_cast<int32_t>(value)).ptr);
    if (is_scientific(value)) return std::to_chars(out, limit, value, std::chars_format::scientific).ptr;
    out = std::to_chars(out, limit, value, std::chars_format::fixed).ptr;
    return value == std::trunc(value) ? write_point_zero(out) : out;
}

}  // namespace rendering
