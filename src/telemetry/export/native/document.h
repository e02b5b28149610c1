// Puts families, and bytes that were written elsewhere, together: a page of text, or a request of OTLP.
#pragma once

#include <algorithm>

#include "otlp.h"
#include "text.h"

namespace rendering {

struct Part {
    const Family *family;  // null where the part is bytes
    std::string_view bytes;
};

// Its buffers only grow: fresh ones for every document cost more in page faults than all the formatting.
struct Document {
    std::vector<Part> parts;
    std::vector<uint64_t> snapshot;
    std::vector<size_t> sizes;
    std::vector<double> estimates;

    // Run it under the interpreter lock; what follows needs none, and allocates nothing.
    void take() {
        size_t words = 0, quantiles = 0;
        for (const Part &part : parts) {
            if (!part.family) continue;
            words += snapshot_words(*part.family);
            quantiles = std::max(quantiles, part.family->numbers.size());
        }
        sizes.reserve(parts.size());
        estimates.reserve(quantiles);
        if (snapshot.size() < words) snapshot.resize(words);
        uint64_t *at = snapshot.data();
        for (const Part &part : parts) {
            if (!part.family) continue;
            take_snapshot(*part.family, at);
            at += snapshot_words(*part.family);
        }
    }

    void settle(const Sketch &sketch) {
        uint64_t *at = snapshot.data();
        for (const Part &part : parts) {
            if (!part.family) continue;
            const size_t words = 1 + value_words(*part.family);
            if (part.family->kind == SUMMARY)
                for (size_t series = 0; series < part.family->places.size(); ++series)
                    settle_summary(sketch, *part.family, at + series * words + 1, estimates);
            at += snapshot_words(*part.family);
        }
    }

    size_t most_text_bytes() const {
        size_t bytes = 0;
        for (const Part &part : parts) bytes += part.family ? most_text(*part.family) : part.bytes.size();
        return bytes;
    }

    size_t write_text(char *begin) const {
        char *out = begin;
        const uint64_t *at = snapshot.data();
        for (const Part &part : parts) {
            out = part.family ? write_lines(out, *part.family, at) : append(out, part.bytes);
            at += part.family ? snapshot_words(*part.family) : 0;
        }
        return static_cast<size_t>(out - begin);
    }

    size_t most_request_bytes(std::string_view resource, std::string_view scope) const {
        size_t bytes = resource.size() + scope.size() + 4 * PREFIX_BYTES;
        for (const Part &part : parts)
            bytes += part.family ? most_otlp(*part.family) : part.bytes.size() + PREFIX_BYTES;
        return bytes;
    }

    // ExportMetricsServiceRequest: resource_metrics = 1 { resource = 1, scope_metrics = 2 { scope = 1, metrics = 2 } }
    size_t write_request(char *begin, std::string_view resource, std::string_view scope, uint64_t time) {
        const size_t metrics = measure(time);
        const size_t in_scope = field_size(scope.size()) + metrics;
        const size_t in_resource = field_size(resource.size()) + field_size(in_scope);
        char *out = open_field(begin, 1, in_resource);
        out = append(open_field(out, 1, resource.size()), resource);
        out = open_field(out, 2, in_scope);
        out = append(open_field(out, 1, scope.size()), scope);
        return static_cast<size_t>(write_metrics(out, time) - begin);
    }

  private:
    // Fills `sizes` with the length of each part's data, and gives the length of all metrics with their prefixes.
    size_t measure(uint64_t time) {
        size_t total = 0;
        const uint64_t *at = snapshot.data();
        sizes.clear();
        for (const Part &part : parts) {
            sizes.push_back(part.family ? data_size(*part.family, at, time) : part.bytes.size());
            total += field_size(part.family ? metric_size(*part.family, sizes.back()) : sizes.back());
            at += part.family ? snapshot_words(*part.family) : 0;
        }
        return total;
    }

    char *write_metrics(char *out, uint64_t time) const {
        const uint64_t *at = snapshot.data();
        for (size_t i = 0; i < parts.size(); ++i) {
            const Part &part = parts[i];
            out = open_field(out, 2, part.family ? metric_size(*part.family, sizes[i]) : sizes[i]);
            out = part.family ? write_metric(out, *part.family, at, time, sizes[i]) : append(out, part.bytes);
            at += part.family ? snapshot_words(*part.family) : 0;
        }
        return out;
    }
};

}  // namespace rendering
