import Augmentation
import Detections
import Foundation
import Imaging
import Testing

@Suite struct PixelTests {
    @Test func noChangeOfColourIsTheIdentity() {
        var jitter = ColorJitter()
        jitter.brightness(1)
        jitter.contrast(1, mean: 100)
        jitter.saturation(1)
        jitter.hue(turns: 0)
        let image = RGBImage.noise(width: 31, height: 9, key: 1)
        var changed = image
        jitter.apply(to: &changed)
        #expect(changed == image)
    }

    @Test func fixedPointAgreesWithNumbers() {
        var stream = RandomStream(key: 3)
        for _ in 0..<20 {
            let image = RGBImage.noise(width: 17, height: 5, key: stream.next())
            var jitter = ColorJitter()
            jitter.brightness(stream.uniform(0...2))
            jitter.contrast(stream.uniform(0...2), mean: image.meanLuma)
            jitter.saturation(stream.uniform(0...2))
            jitter.hue(turns: stream.uniform(-0.5...0.5))
            var changed = image
            jitter.apply(to: &changed)
            for x in 0..<17 {
                let (old, new) = (image[x, 2], changed[x, 2])
                let exact = jitter.apply(SIMD3(Double(old.red), Double(old.green), Double(old.blue)))
                for (value, level) in zip([exact.x, exact.y, exact.z], [new.red, new.green, new.blue]) {
                    #expect(abs(min(max(value, 0), 255) - Double(level)) < 0.7)
                }
            }
        }
    }

    @Test func colourOperationsDoWhatTheirNamesSay() {
        let luma = SIMD3(0.299, 0.587, 0.114)
        let color = SIMD3(200.0, 120, 40)
        var gray = ColorJitter()
        gray.saturation(0)
        let plain = gray.apply(color)
        #expect(abs(plain.x - plain.y) < 1e-9 && abs(plain.x - (color * luma).sum()) < 1e-9)
        var turned = ColorJitter()
        turned.hue(turns: 0.3)
        #expect(abs((turned.apply(color) * luma).sum() - (color * luma).sum()) < 1e-9)
        for _ in 0..<9 { turned.hue(turns: 0.3) }  // ten times: three whole turns
        let back = turned.apply(color) - color
        #expect((back * back).sum() < 1e-12)
        var flat = ColorJitter()
        flat.brightness(0.5)
        flat.contrast(0, mean: 90)
        let level = flat.apply(color)
        #expect(abs(level.x - 45) < 1e-9 && abs(level.z - 45) < 1e-9)
    }

    /// A constant picture stays constant, at every width of the bell and for sides shorter than the bell.
    @Test(arguments: [0.0, 0.2, 0.5, 0.8, 1.3, 2, 5, 11, 20]) func blurKeepsTheMean(sigma: Double) {
        for (width, height) in [(40, 30), (3, 2), (1, 1)] {
            let flat = RGBImage(width: width, height: height, fill: Color(red: 255, green: 7, blue: 0))
            var blurred = flat
            GaussianBlur(sigma: sigma).apply(to: &blurred)
            #expect(blurred == flat)
        }
    }

    @Test(arguments: [0.6, 1.0, 2.5]) func aBlurredPointIsTheBell(sigma: Double) {
        // A white square whose middle is far from its edges: the edge's slope is the bell's integral.
        var image = RGBImage.made(width: 64, height: 9) { x, _, _ in x < 32 ? 0 : 255 }
        GaussianBlur(sigma: sigma).apply(to: &image)
        var variance = 0.0
        for x in 1..<64 {
            let share = (Double(image[x, 4].green) - Double(image[x - 1, 4].green)) / 255
            variance += share * (Double(x) - 32) * (Double(x) - 32)
        }
        #expect(abs(variance.squareRoot() - sigma) < 0.12 * sigma)
    }

    @Test(arguments: [2.0, 8, 25]) func noiseHasItsDeviation(sigma: Double) {
        var image = RGBImage(width: 200, height: 100, fill: .gray)
        var stream = RandomStream(key: 4)
        GaussianNoise.add(sigma: sigma, to: &image, &stream)
        let differences = image.pixels.map { Double($0) - 128 }
        let mean = differences.reduce(0, +) / Double(differences.count)
        let variance = differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)
        #expect(abs(mean) < 5 * sigma / 245)
        // Rounding to levels adds 1/12.
        #expect(abs(variance - sigma * sigma - 1.0 / 12) < 0.05 * sigma * sigma)
    }

    /// At quality 100 all steps are 1: in a picture without chroma only rounding is lost.
    @Test func jpegOfTheBestQualityIsNearlyTheIdentity() {
        let gray = RGBImage.made(width: 61, height: 47) { x, y, _ in (x * 7 + y * y) % 256 }
        var coded = gray
        JPEGArtifacts(quality: 100).apply(to: &coded)
        #expect(zip(gray.pixels, coded.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 2 })
        let color = RGBImage.smooth(width: 61, height: 47, key: 2)
        var also = color
        JPEGArtifacts(quality: 100).apply(to: &also)
        #expect(color.psnr(also) > 35)
    }

    @Test func jpegLosesMoreAtLowerQuality() {
        let image = RGBImage.smooth(width: 96, height: 80, key: 8)
        var last = Double.infinity
        for quality in [95, 75, 50, 25, 10, 3] {
            var coded = image
            JPEGArtifacts(quality: quality).apply(to: &coded)
            let psnr = image.psnr(coded)
            #expect(psnr < last)
            last = psnr
        }
        #expect(last < 30)
    }

    /// A flat block has one coefficient, 8 times its distance from 128, and at quality 50 the step of it is 16.
    @Test func aFlatBlockIsRoundedToTheStep() {
        for level in 0...255 {
            var image = RGBImage.made(width: 8, height: 8) { _, _, _ in level }
            JPEGArtifacts(quality: 50).apply(to: &image)
            let kept = image.pixels[0]
            #expect(image.pixels.allSatisfy { $0 == kept })
            // Steps of two levels; odd levels are ties.
            #expect((kept % 2 == 0 || kept == 255) && abs(Int(kept) - level) <= 1)
        }
    }

    /// One wave of the highest frequency along one axis: Annex K has a step of 61 for it across, and 72 down.
    @Test(arguments: [(true, 61.0), (false, 72.0)]) func aWaveIsRoundedToTheStep(isAcross: Bool, step: Double) {
        func wave(_ coefficient: Double) -> RGBImage {
            RGBImage.made(width: 8, height: 8) { x, y, _ in
                let place = isAcross ? x : y
                let cosine = cos(Double((2 * place + 1) * 7) * Double.pi / 16)
                return 128 + Int((coefficient / 4 * 0.5.squareRoot() * cosine).rounded())
            }
        }
        var image = wave(85)
        JPEGArtifacts(quality: 50).apply(to: &image)
        #expect(zip(image.pixels, wave(step).pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }

    /// Sides that end within a block, and within a chroma sample.
    @Test(arguments: [(1, 1), (8, 8), (9, 17), (16, 15), (7, 1)]) func jpegTakesEverySize(width: Int, height: Int) {
        for fill in [Color.white, .black, Color(red: 200, green: 30, blue: 90)] {
            var image = RGBImage(width: width, height: height, fill: fill)
            JPEGArtifacts(quality: 90).apply(to: &image)
            for y in 0..<height {
                for x in 0..<width {
                    let pixel = image[x, y]
                    #expect(abs(Int(pixel.red) - Int(fill.red)) <= 4 && abs(Int(pixel.green) - Int(fill.green)) <= 4)
                    #expect(abs(Int(pixel.blue) - Int(fill.blue)) <= 4)
                }
            }
        }
    }

    @Test func picturesOfTheVideoWingComeAndGo() {
        let image = RGBImage.smooth(width: 50, height: 31, key: 9)
        #expect(RGBImage(image.image()).psnr(image) > 30)
        let red = RGBImage(width: 6, height: 4, fill: Color(red: 220, green: 40, blue: 60))
        #expect(red.psnr(RGBImage(red.image())) > 45)
    }
}
