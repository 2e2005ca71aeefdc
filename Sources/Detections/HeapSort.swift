extension UnsafeMutableBufferPointer {
    /// Sorts in place and allocates nothing, which the sort of the standard library does not promise: O(n log n).
    ///
    /// It is not stable, so `precedes` must be a strict total order where the result is to be the same every time.
    @inlinable
    package func heapSort(by precedes: (Element, Element) -> Bool) {
        guard count > 1 else { return }
        for root in (0..<count / 2).reversed() { sift(from: root, below: count, precedes) }
        for end in (1..<count).reversed() {
            swapAt(0, end)
            sift(from: 0, below: end, precedes)
        }
    }

    /// Lets the element at `start` sink until none of its two children comes after it.
    @inlinable
    package func sift(from start: Int, below end: Int, _ precedes: (Element, Element) -> Bool) {
        let sinking = self[start]
        var place = start
        while true {
            var child = 2 * place + 1
            guard child < end else { break }
            if child + 1 < end, precedes(self[child], self[child + 1]) { child += 1 }
            guard precedes(sinking, self[child]) else { break }
            self[place] = self[child]
            place = child
        }
        self[place] = sinking
    }
}
