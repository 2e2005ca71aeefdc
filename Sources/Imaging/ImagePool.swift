import Synchronization

/// Recycles the memory of pictures: in the steady state, where pictures of one size come and go, it allocates nothing.
///
///     let pool = ImagePool(capacity: 8)
///     var image = pool.image(width: 1920, height: 1080, color: color)  // contents undefined
///
/// The memory returns when nobody refers to it any more, be it an image or an encoder that keeps `image.owner`.
package final class ImagePool: Sendable {
    /// How many pictures' memory the pool keeps at most. More pictures than that may exist; the pool never waits.
    package let capacity: Int
    private let slots = Mutex<[PixelStorage]>([])
    private let allocations = Atomic<Int>(0)

    package init(capacity: Int) {
        self.capacity = max(0, capacity)
        slots.withLock { $0.reserveCapacity(self.capacity) }
    }

    /// How often the pool had to allocate.
    package var allocationCount: Int { allocations.load(ordering: .relaxed) }

    /// A picture to write to, exclusive, with undefined contents. Sides are 1...65536 pixels.
    package func image(width: Int, height: Int, color: ColorDescription) -> Image {
        Image(storage: storage(width: width, height: height), color: color)
    }

    /// Memory that only the pool refers to is free. Free memory of another size makes room for the size in use.
    private func storage(width: Int, height: Int) -> PixelStorage {
        slots.withLock { slots in
            var stale: Int?
            for index in slots.indices where isKnownUniquelyReferenced(&slots[index]) {
                if slots[index].width == width && slots[index].height == height { return slots[index] }
                stale = index
            }
            let fresh = PixelStorage(width: width, height: height)
            allocations.add(1, ordering: .relaxed)
            if let stale {
                slots[stale] = fresh
            } else if slots.count < capacity {
                slots.append(fresh)
            }
            return fresh
        }
    }
}
