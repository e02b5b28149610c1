// The series of one family: where their cells lie, and the bytes that stand beside their values and never change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rendering {

enum Kind { COUNTER, GAUGE, HISTOGRAM, SUMMARY, OTHER };

// Of a histogram's series in text: what stands before and after a bound. The others come after these.
constexpr size_t BUCKET_PIECES = 2;

struct Place {
    const uint64_t *entry;
    const uint64_t *cell;
    size_t words;  // of the whole entry, as it was checked: what stands in the page may change
};

struct Family {
    Kind kind = OTHER;
    size_t cell_words = 0;
    size_t pieces_each = 1;
    std::string head;
    std::vector<std::string> marks;  // the text of each bucket's bound, the last being +Inf
    std::vector<double> numbers;     // a histogram's bounds without +Inf, a summary's quantiles
    std::vector<Place> places;
    std::string text;  // the pieces of all series, one after the other
    std::vector<size_t> ends;
    size_t bucket_bytes = 0;  // of the pieces that each bucket's line has

    std::string_view piece(size_t series, size_t number) const {
        const size_t index = series * pieces_each + number;
        const size_t begin = index ? ends[index - 1] : 0;
        return {text.data() + begin, ends[index] - begin};
    }

    void add(const Place &place) { places.push_back(place); }

    void add_piece(const char *bytes, size_t size) {
        if (ends.size() % pieces_each < BUCKET_PIECES) bucket_bytes += size;
        text.append(bytes, size);
        ends.push_back(text.size());
    }
};

}  // namespace rendering
