import Imaging
import Testing

@Suite struct ImageTests {
    @Test(arguments: [(1, 1), (2, 3), (17, 15), (640, 360)])
    func planesHaveTheSizesOf420(_ width: Int, _ height: Int) {
        let image = Image(width: width, height: height, color: limited709)
        #expect(image.y.width == width && image.y.height == height)
        #expect(image.u.width == (width + 1) / 2 && image.v.height == (height + 1) / 2)
        #expect(image.y.contents.allSatisfy { $0 == 16 } && image.u.contents.allSatisfy { $0 == 128 })
        let isExclusive = image.isExclusive
        #expect(isExclusive)
    }

    @Test func aPoolAllocatesNothingInTheSteadyState() {
        let pool = ImagePool(capacity: 4)
        for _ in 0..<100 {
            let first = pool.image(width: 64, height: 48, color: limited709)
            let second = pool.image(width: 64, height: 48, color: limited709)
            #expect(first.y.baseAddress != second.y.baseAddress)
        }
        #expect(pool.allocationCount == 2)
    }

    @Test func aPoolDoesNotReuseWhatIsStillReferredTo() {
        let pool = ImagePool(capacity: 1)
        let kept = pool.image(width: 8, height: 8, color: limited709)
        let keptOwner = kept.owner
        let address = kept.y.baseAddress
        _ = consume kept
        #expect(pool.image(width: 8, height: 8, color: limited709).y.baseAddress != address)
        withExtendedLifetime(keptOwner) {}
    }

    @Test func aPoolFollowsAChangeOfSize() {
        let pool = ImagePool(capacity: 2)
        for size in [16, 32, 16, 32] {
            for _ in 0..<10 { _ = pool.image(width: size, height: size, color: limited709) }
        }
        #expect(pool.allocationCount <= 4)
    }

    @Test func onlySharedPlanesAreCopied() {
        let pool = ImagePool(capacity: 2)
        let source = Image.noise(width: 9, height: 7, seed: 1)
        let before = source.contents
        var shared = Image(
            width: 9, height: 7, color: limited709, y: source.y, u: source.u, v: source.v, isExclusive: false,
            owner: source.owner)
        shared.makeExclusive(from: pool)
        #expect(shared.isExclusive && shared.contents == before)
        let address = shared.y.baseAddress
        #expect(address != source.y.baseAddress)
        shared.fill(.white)
        #expect(source.contents == before)
        shared.makeExclusive(from: pool)
        #expect(shared.y.baseAddress == address)
    }

    @Test func crops() {
        let pool = ImagePool(capacity: 1)
        let image = Image.made(width: 21, height: 15, y: { x, y in x + 10 * y }, u: { x, y in x + 20 * y })
        guard let part = image.cropped(x: 5, y: 3, width: 6, height: 4, from: pool),
            let whole = image.cropped(x: -5, y: -5, width: Int.max, height: Int.max, from: pool),
            let corner = image.cropped(x: 20, y: 14, width: Int.max, height: 5, from: pool)
        else {
            Issue.record("parts inside the picture exist")
            return
        }
        #expect([part.width, part.height] == [7, 5])  // from (4, 2) on
        #expect([part.y.row(0)[0], part.y.row(4)[6], part.u.row(1)[2]] == [24, 70, 44])
        #expect(whole.contents == image.contents)
        #expect([corner.width, corner.height] == [1, 1])
        for (x, y, width, height) in [
            (21, 0, 5, 5), (0, 15, 5, 5), (-5, 0, 5, 5), (0, 0, 0, 5), (0, 0, 5, -1), (Int.max, 0, 9, 9),
            (Int.min, 0, Int.max, 9),
        ] {
            let isEmpty = image.cropped(x: x, y: y, width: width, height: height, from: pool) == nil
            #expect(isEmpty)
        }
    }

    @Test(arguments: Turn.allCases) func turns(_ turn: Turn) {
        let pool = ImagePool(capacity: 4)
        for (width, height) in [(1, 1), (5, 3), (16, 16), (33, 50), (64, 47)] {
            let image = Image.noise(width: width, height: height, seed: 2)
            let turned = image.turned(turn, from: pool)
            let (w, h) = (turned.width, turned.height)
            #expect(turn.exchangesSides ? (w == height && h == width) : (w == width && h == height))
            for (from, to) in [(image.y, turned.y), (image.u, turned.u), (image.v, turned.v)] {
                for y in 0..<to.height {
                    for x in 0..<to.width {
                        let (right, bottom) = (from.width - 1, from.height - 1)
                        let expected =
                            switch turn {
                            case .identity: from.row(y)[x]
                            case .rotate90: from.row(bottom - x)[y]
                            case .rotate180: from.row(bottom - y)[right - x]
                            case .rotate270: from.row(x)[right - y]
                            case .flipHorizontal: from.row(y)[right - x]
                            case .flipVertical: from.row(bottom - y)[x]
                            case .transpose: from.row(x)[y]
                            case .transverse: from.row(bottom - x)[right - y]
                            }
                        if to.row(y)[x] != expected {
                            Issue.record("\(turn) of \(width)x\(height) is wrong at (\(x), \(y))")
                            return
                        }
                    }
                }
            }
        }
    }
}
