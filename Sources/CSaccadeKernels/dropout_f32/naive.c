#include "dropout_f32.h"

void sk_philox_naive(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t x[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        const uint64_t first = (uint64_t)0xD2511F53 * x[0], second = (uint64_t)0xCD9E8D57 * x[2];
        const uint32_t x1 = x[1], x3 = x[3];
        x[0] = (uint32_t)(second >> 32) ^ x1 ^ k[0];
        x[1] = (uint32_t)second;
        x[2] = (uint32_t)(first >> 32) ^ x3 ^ k[1];
        x[3] = (uint32_t)first;
        k[0] += 0x9E3779B9;
        k[1] += 0xBB67AE85;
    }
    for (int i = 0; i < 4; i++) out[i] = x[i];
}

void sk_dropout_f32_naive(const sk_dropout *d, const float *x, float *y, size_t begin, size_t end) {
    const uint32_t key[2] = {(uint32_t)d->seed, (uint32_t)(d->seed >> 32)};
    for (size_t i = begin; i < end; i++) {
        const uint64_t block = i / 4;
        const uint32_t counter[4] = {
            (uint32_t)block, (uint32_t)(block >> 32), (uint32_t)d->stream, (uint32_t)(d->stream >> 32)};
        uint32_t numbers[4];
        sk_philox_naive(counter, key, numbers);
        y[i] = numbers[i % 4] >= d->threshold ? x[i] * d->scale : 0;
    }
}
