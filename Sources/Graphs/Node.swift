/// One application of an operator.
package struct Node: Hashable, Sendable {
    /// The node's name in the model file, or one made from its output; for messages.
    package var name: String
    package var op: Operator
    /// In the order that `Operator` documents; nil where an optional input is left out.
    package var inputs: [ValueID?]
    package var outputs: [ValueID]

    package init(name: String, op: Operator, inputs: [ValueID?], outputs: [ValueID]) {
        self.name = name
        self.op = op
        self.inputs = inputs
        self.outputs = outputs
    }

    /// The input at `index`; nil when it is left out or the list is shorter.
    package func input(_ index: Int) -> ValueID? { index < inputs.count ? inputs[index] : nil }
}
