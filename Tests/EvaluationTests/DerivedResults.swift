import Evaluation

/// A number from 0 to 1 for some counters; `uniform` of Tests/Oracles/make_coco_goldens.py.
func uniform(_ counters: UInt64...) -> Double {
    var state: UInt64 = 0
    for counter in counters {
        state = state &+ counter &+ 0x9E37_79B9_7F4A_7C15
        state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
        state ^= state >> 31
    }
    return Double(state >> 11) * 0x1p-53
}

/// A ground truth with the sizes of its images, as its file has them.
struct Annotations: Decodable {
    struct Image: Decodable {
        let id: Int
        let width: Double
        let height: Double
    }

    struct Annotation: Decodable {
        let image_id: Int
        let category_id: Int
        let bbox: [Double]
    }

    struct Category: Decodable {
        let id: Int
    }

    let images: [Image]
    let annotations: [Annotation]
    let categories: [Category]
}

/// A line of a results file.
struct ResultEntry: Encodable {
    let image_id: Int
    let category_id: Int
    let bbox: [Double]
    let score: Double
}

/// Results for a ground truth; `derive` of Tests/Oracles/make_coco_goldens.py, number by number.
func deriveResults(_ truth: Annotations, seed: UInt64) -> [ResultEntry] {
    let categories = truth.categories.map(\.id).sorted()
    var results: [ResultEntry] = []
    for (index, annotation) in truth.annotations.enumerated() {
        let (x, y, w, h) = (annotation.bbox[0], annotation.bbox[1], annotation.bbox[2], annotation.bbox[3])
        for (copy, missing) in [0.2, 0.6, 0.8].enumerated() {
            func u(_ k: UInt64) -> Double { uniform(seed, UInt64(index), UInt64(copy), k) }
            if u(0) < missing { continue }
            let spread = 0.4 * u(1)
            var category = annotation.category_id
            if u(2) < 0.15 { category = categories[Int(u(3) * Double(categories.count))] }
            let box = [
                x + (u(4) - 0.5) * spread * w, y + (u(5) - 0.5) * spread * h, w * (1 + (u(6) - 0.5) * spread),
                h * (1 + (u(7) - 0.5) * spread),
            ]
            results.append(
                ResultEntry(
                    image_id: annotation.image_id, category_id: category, bbox: box,
                    score: Double(Int((1 - spread) * u(8) * 100)) / 100))
        }
    }
    for (index, image) in truth.images.enumerated() {
        for number in 0..<20 {
            func u(_ k: UInt64) -> Double { uniform(seed, UInt64(1_000_000 + index), UInt64(number), k) }
            results.append(
                ResultEntry(
                    image_id: image.id, category_id: categories[Int(u(0) * u(0) * Double(categories.count))],
                    bbox: [u(1) * image.width, u(2) * image.height, 1 + u(3) * 200, 1 + u(4) * 200],
                    score: Double(Int(u(5) * u(5) * 100)) / 100))
        }
    }
    return results
}
