package import Tensors

/// Computes an operator on constants. Graphs knows no kernels, so the caller supplies one where float constants are to
/// be folded (Execution has it). The types of the results are given, because inference has found them already; nil
/// means "not foldable", and the node stays.
package typealias Evaluator = (
    _ op: Operator, _ inputs: [Tensor?], _ outputs: [TensorType]
) throws -> [Tensor]?
