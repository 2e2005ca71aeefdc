import Augmentation

extension OperationForm<ImageOperation> {
    /// All operations on pictures. `side` is the canvas of a mosaic and a letterbox, in pixels, that names none.
    static func images(side: Int = 320) -> [Self] {
        [
            Self("flip", [], p: 0.5, "mirrored left to right") { .horizontalFlip(probability: $0.number("p")) },
            Self("vflip", [], p: 0.5, "mirrored top to bottom") { .verticalFlip(probability: $0.number("p")) },
            Self("turn", [], p: 0.75, "turned by 90, 180 or 270 degrees") { .quarterTurn(probability: $0.number("p")) },
            Self("rotate", [.range("degrees", -10...10)], "turned around the middle") {
                .rotation(degrees: $0.range("degrees"), probability: $0.number("p"))
            },
            Self("scale", [.range("factor", 0.7...1.4)], "larger or smaller around the middle") {
                .scale($0.range("factor"), probability: $0.number("p"))
            },
            Self("translate", [.number("share", 0.1)], "moved by up to a share of the sides") {
                .translation($0.number("share"), probability: $0.number("p"))
            },
            Self("shear", [.range("degrees", -5...5)], "slanted") {
                .shear(degrees: $0.range("degrees"), probability: $0.number("p"))
            },
            Self("perspective", [.number("strength", 0.0005)], "seen from aside; change of 1 / distance a pixel") {
                .perspective($0.number("strength"), probability: $0.number("p"))
            },
            Self("crop", [.range("area", 0.3...1), .range("aspect", 0.75...1.333)], "a part with a share of the area") {
                .crop(area: $0.range("area"), aspect: $0.range("aspect"), probability: $0.number("p"))
            },
            Self(
                "letterbox", [.whole("width", side), .whole("height", side)], p: nil,
                "fitted into a canvas, the rest gray"
            ) { .letterbox(width: $0.whole("width"), height: $0.whole("height")) },
            Self("resize", [.whole("width", side), .whole("height", side)], p: nil, "stretched to a size") {
                .resize(width: $0.whole("width"), height: $0.whole("height"))
            },
            Self("mosaic", [.whole("side", side)], "four samples around a point") {
                .mosaic(side: $0.whole("side"), probability: $0.number("p"))
            },
            Self("mixup", [.number("alpha", 32)], "blended with another sample, shares by Beta(alpha, alpha)") {
                .mixup(alpha: $0.number("alpha"), probability: $0.number("p"))
            },
            Self(
                "color",
                [
                    .number("brightness", 0.3), .number("contrast", 0.3), .number("saturation", 0.5),
                    .number("hue", 0.015),
                ], "factors of 1 ± the number; hue in turns"
            ) {
                .colorJitter(
                    brightness: $0.number("brightness"), contrast: $0.number("contrast"),
                    saturation: $0.number("saturation"), hue: $0.number("hue"), probability: $0.number("p"))
            },
            Self("gray", [], p: 0.1, "without colour") { .grayscale(probability: $0.number("p")) },
            Self("blur", [.range("sigma", 0...1.5)], "Gaussian, in pixels") {
                .blur(sigma: $0.range("sigma"), probability: $0.number("p"))
            },
            Self("noise", [.range("sigma", 0...12)], "Gaussian, in levels of 0 to 255") {
                .noise(sigma: $0.range("sigma"), probability: $0.number("p"))
            },
            Self("jpeg", [.wholeRange("quality", 30...95)], "what JPEG of a quality loses") {
                .jpeg(quality: $0.wholeRange("quality"), probability: $0.number("p"))
            },
            Self("cutout", [.wholeRange("count", 1...3), .range("side", 0.1...0.25)], "gray squares") {
                .cutout(count: $0.wholeRange("count"), side: $0.range("side"), probability: $0.number("p"))
            },
            Self("erase", [.range("area", 0.02...0.2), .range("aspect", 0.3...3.3)], p: 0.5, "a rectangle of noise") {
                .randomErasing(area: $0.range("area"), aspect: $0.range("aspect"), probability: $0.number("p"))
            },
        ]
    }
}

extension OperationForm<AudioOperation> {
    /// All operations on sounds.
    static let sounds: [Self] = [
        Self("stretch", [.range("factor", 0.85...1.15)], "longer or shorter at the same pitch") {
            .timeStretch($0.range("factor"), probability: $0.number("p"))
        },
        Self("pitch", [.range("semitones", -2...2)], "higher or lower at the same length") {
            .pitchShift(semitones: $0.range("semitones"), probability: $0.number("p"))
        },
        Self("shift", [.number("share", 0.1)], "later or earlier by up to a share of the length") {
            .timeShift($0.number("share"), probability: $0.number("p"))
        },
        Self("gain", [.range("decibels", -6...6)], "louder or softer") {
            .gain(decibels: $0.range("decibels"), probability: $0.number("p"))
        },
        Self("noise", [.range("decibels", 10...40)], "white noise, so far below the sound") {
            .noise(decibels: $0.range("decibels"), probability: $0.number("p"))
        },
        Self("timemask", [.whole("count", 1), .whole("longest", 10)], "frames of the spectrogram hidden") {
            .timeMask(count: $0.whole("count"), longest: $0.whole("longest"), probability: $0.number("p"))
        },
        Self("bandmask", [.whole("count", 1), .whole("widest", 6)], "bands of the spectrogram hidden") {
            .frequencyMask(count: $0.whole("count"), widest: $0.whole("widest"), probability: $0.number("p"))
        },
    ]
}

extension OperationForm<TextOperation> {
    /// All operations on texts.
    static let texts: [Self] = [
        Self("synonyms", [.number("share", 0.1)], "words become synonyms") {
            .synonymReplacement(share: $0.number("share"), probability: $0.number("p"))
        },
        Self("insert", [.number("share", 0.1)], "synonyms of words stand at random places") {
            .insertion(share: $0.number("share"), probability: $0.number("p"))
        },
        Self("swap", [.number("share", 0.1)], "words change places") {
            .swap(share: $0.number("share"), probability: $0.number("p"))
        },
        Self("delete", [.number("rate", 0.1)], "words are left out") {
            .deletion(rate: $0.number("rate"), probability: $0.number("p"))
        },
        Self("typos", [.number("rate", 0.02)], "keys beside the right ones") {
            .keyboardNoise(rate: $0.number("rate"), probability: $0.number("p"))
        },
    ]
}
