package import Tensors

/// Makes targets that depend on what the model says of the batch, such as which cell of a detector learns which object. It
/// is asked in each step when the forward pass is done, before the loss; no gradient goes through it.
package protocol TargetAssigner: Sendable {
    /// Outputs of the graph that it reads: they need not be scalars.
    var observed: [String] { get }
    /// Inputs of the graph that it makes; they are not in the batch.
    var assigned: [String] { get }

    /// The shapes of what it makes for a batch.
    func shapes(for batch: [String: Tensor]) throws -> [String: Shape]

    /// What it makes for a batch, by name. `output` gives a copy of an output.
    func targets(
        for batch: [String: Tensor], output: (String) throws -> Tensor
    ) throws -> [String: Tensor]
}
