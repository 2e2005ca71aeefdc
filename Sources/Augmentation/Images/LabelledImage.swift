package import Detections

/// An object in a picture that is to be learned.
package struct LabelledObject: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case object
        /// Nothing is known for sure here: neither object nor background.
        case ignored
    }

    /// In pixels of the picture.
    package var box: BoundingBox
    package var classIndex: Int
    package var kind: Kind
    /// The object's pixels, where they are known.
    package var mask: ObjectMask?
    /// The object's share in a blend of two pictures (mixup), 0 to 1.
    package var weight: Float
    /// The share of the object that is still to be seen after it was clipped and covered, 0 to 1.
    package var visibility: Float

    package init(
        box: BoundingBox, classIndex: Int, kind: Kind = .object, mask: ObjectMask? = nil, weight: Float = 1,
        visibility: Float = 1
    ) {
        self.box = box
        self.classIndex = classIndex
        self.kind = kind
        self.mask = mask
        self.weight = weight
        self.visibility = visibility
    }
}

/// A picture with its labels.
package struct LabelledImage: Hashable, Sendable {
    /// How errors name the sample: a path, say.
    package var name: String
    package var image: RGBImage
    package var objects: [LabelledObject]

    package init(_ image: RGBImage, objects: [LabelledObject], name: String = "") {
        self.name = name
        self.image = image
        self.objects = objects
    }

    /// How far a box may reach beyond the picture, in pixels: files round.
    static let tolerance: Float = 1

    /// Refuses an empty picture and labels that cannot be: the first one found is named.
    package func validate() throws(AugmentationError) {
        func failure(_ reason: AugmentationError.Reason) -> AugmentationError {
            AugmentationError(reason, sample: name)
        }
        if image.isEmpty { throw failure(.emptyImage) }
        let (right, bottom) = (Float(image.width) + Self.tolerance, Float(image.height) + Self.tolerance)
        for (index, object) in objects.enumerated() {
            let box = object.box
            guard box.isFinite else { throw failure(.nonFiniteBox(object: index)) }
            guard box.x1 < box.x2, box.y1 < box.y2 else { throw failure(.emptyBox(object: index)) }
            guard box.x1 >= -Self.tolerance, box.y1 >= -Self.tolerance, box.x2 <= right, box.y2 <= bottom,
                box.clamped(width: image.width, height: image.height).area > 0
            else { throw failure(.boxOutsideImage(object: index)) }
            guard object.classIndex >= 0 else { throw failure(.negativeClass(object: index)) }
            if let mask = object.mask, mask.x + mask.width > image.width || mask.y + mask.height > image.height {
                throw failure(.maskOutsideImage(object: index))
            }
        }
    }
}
