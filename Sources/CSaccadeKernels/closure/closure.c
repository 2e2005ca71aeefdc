#include "closure.h"

#define SWIFT_CALL __attribute__((swiftcall))
#define SWIFT_CONTEXT __attribute__((swift_context))

typedef SWIFT_CALL void (*closure_code)(intptr_t, SWIFT_CONTEXT const void *);

/// In Swift: `borrow(_ body: (Int) -> Void, into closure: UnsafeMutablePointer<sk_closure>)`.
SWIFT_CALL void sk_closure_borrow(const void *code, const void *context, sk_closure *closure);
SWIFT_CALL void sk_closure_borrow(const void *code, const void *context, sk_closure *closure) {
    closure->code = code;
    closure->context = context;
}

void sk_closure_call(sk_closure closure, intptr_t argument) {
    ((closure_code)closure.code)(argument, closure.context);
}
