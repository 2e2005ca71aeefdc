package import Tensors

extension Recurrence {
    /// The shapes of y, of the last states (h, and c where there are two) and of what the gradient needs.
    func outputShapes(_ inputs: InferenceInputs, gates: Int, states: Int) throws(GraphError) -> [Shape] {
        let x = inputs.shape(0)
        guard x.rank == 3 else { throw GraphError(.wrongRank(x.rank, expected: 3...3)) }
        guard hiddenSize > 0 else { throw GraphError(.invalidAttribute("a hidden size of \(hiddenSize)")) }
        let (steps, batch, size, directions) = (x[0], x[1], x[2], direction.count)
        let gateSize = try checkedMultiply(gates, hiddenSize)
        let state = try checkedShape([directions, batch, hiddenSize])
        try inputs.check(1..<2, are: checkedShape([directions, gateSize, size]), "weights")
        try inputs.check(2..<3, are: checkedShape([directions, gateSize, hiddenSize]), "recurrent weights")
        try inputs.check(3..<4, are: checkedShape([directions, checkedMultiply(2, gateSize)]), "biases")
        try inputs.check(4..<5, are: checkedShape([batch]), "lengths")
        try inputs.check(5..<(5 + states), are: state, "states")
        let y = try checkedShape([steps, directions, batch, hiddenSize])
        let reserve = try reserveShape(steps: steps, batch: batch, states: states)
        return [y] + Array(repeating: state, count: states) + [reserve]
    }

    /// For each direction what the kernels keep: four numbers of every unit and step (the gates after their functions; a
    /// GRU's fourth is what its reset gate multiplies), and the states before and after every step.
    package func reserveShape(steps: Int, batch: Int, states: Int) throws(GraphError) -> Shape {
        let gates = try checkedMultiply(4, steps)
        let kept = try checkedMultiply(states, checkedAdd(steps, 1))
        let units = try checkedMultiply(batch, hiddenSize)
        return try checkedShape([direction.count, checkedMultiply(checkedAdd(gates, kept), units)])
    }
}

/// The shapes of the losses and of their gradient.
func ctcShapes(_ inputs: InferenceInputs, blank: Int) throws(GraphError) -> [Shape] {
    let scores = inputs.shape(0)
    let labels = inputs.shape(1)
    guard scores.rank == 3 else { throw GraphError(.wrongRank(scores.rank, expected: 3...3)) }
    guard labels.rank == 2 else { throw GraphError(.wrongRank(labels.rank, expected: 2...2)) }
    guard labels[0] == scores[1] else {
        throw GraphError(.incompatibleShapes("labels of \(labels) for \(scores[1]) sequences"))
    }
    guard (0..<scores[2]).contains(blank) else {
        throw GraphError(.invalidAttribute("blank \(blank) among \(scores[2]) classes"))
    }
    let perSequence = try checkedShape([scores[1]])
    try inputs.check(2..<4, are: perSequence, "lengths")
    return [perSequence, scores]
}
