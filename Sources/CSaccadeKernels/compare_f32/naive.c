#include "compare_f32.h"

uint8_t sk_comparison_naive(sk_comparison comparison, float x, float y) {
    switch (comparison) {
    case sk_comparison_equal: return x == y;
    case sk_comparison_not_equal: return x != y;
    case sk_comparison_less: return x < y;
    case sk_comparison_less_or_equal: return x <= y;
    }
    return 0;
}
