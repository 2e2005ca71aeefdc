import Augmentation
import Testing

import Lab

@Suite struct OperationTextTests {
    private static func recipe(_ text: String?, _ kind: SampleKind = .pictures) throws -> AugmentationRecipe {
        try AugmentationRecipe(text, kind: kind)
    }

    @Test func readsNamesPositionsAndDefaults() throws {
        let recipe = try Self.recipe(
            " flip , rotate(degrees = -10 .. 10), scale(0.5..1.5, p=0.25),jpeg(30..95),erase()")
        let expected = try ImageAugmentation([
            .horizontalFlip(probability: 0.5), .rotation(degrees: -10...10), .scale(0.5...1.5, probability: 0.25),
            .jpeg(quality: 30...95), .randomErasing(area: 0.02...0.2, aspect: 0.3...3.3, probability: 0.5),
        ])
        #expect(recipe.content == .pictures(expected))
        #expect(recipe.text.hasPrefix("flip(p=0.5),rotate(degrees=-10..10,p=1),scale(factor=0.5..1.5,p=0.25),"))
        #expect(recipe.operationNames == ["horizontal flip", "rotation", "scale", "JPEG", "random erasing"])
        #expect(try Self.recipe("").operationNames.isEmpty)
    }

    @Test func oneNumberIsARangeOfIt() throws {
        let recipe = try Self.recipe("rotate(5),cutout(2,0.1),perspective(5e-4)")
        let expected = try ImageAugmentation([
            .rotation(degrees: 5...5), .cutout(count: 2...2, side: 0.1...0.1), .perspective(0.0005),
        ])
        #expect(recipe.content == .pictures(expected))
    }

    @Test(arguments: SampleKind.allCases) func aRecipesTextSaysTheSame(_ kind: SampleKind) throws {
        let usual = try Self.recipe(nil, kind)
        #expect(!usual.operationNames.isEmpty)
        let again = try Self.recipe(usual.text, kind)
        #expect(again == usual)
    }

    @Test func everyOperationCanBeWritten() throws {
        let pictures = try Self.recipe(AugmentationRecipe.names(of: .pictures).joined(separator: ","))
        #expect(pictures.operationNames.count == 20)
        let sounds = try Self.recipe(AugmentationRecipe.names(of: .sounds).joined(separator: ","), .sounds)
        #expect(sounds.operationNames.count == 7)
        let texts = try Self.recipe(AugmentationRecipe.names(of: .texts).joined(separator: ","), .texts)
        #expect(texts.operationNames.count == 5)
        for name in AugmentationRecipe.names(of: .pictures) { #expect(AugmentationRecipe.usage.contains("  \(name)")) }
    }

    @Test func sizeFitsPicturesAtLast() throws {
        var options = AugmentationRecipe.Options()
        options.side = 64
        let recipe = try AugmentationRecipe("flip,mosaic", kind: .pictures, options: options)
        let expected = try ImageAugmentation([
            .horizontalFlip(), .mosaic(side: 64), .letterbox(width: 64, height: 64),
        ])
        #expect(recipe.content == .pictures(expected))
        #expect(recipe.text.hasSuffix("mosaic(side=64,p=1),letterbox(width=64,height=64)"))
    }

    @Test(arguments: [
        ("flip,spin", 6, "no operation is called \"spin\"; there are flip"),
        ("rotate(angle=3)", 8, "rotate has no parameter \"angle\": it has degrees, p"),
        ("rotate(10..-10)", 8, "ends before it begins"),
        ("rotate(degrees=x)", 16, "a number is expected here, not \"x\""),
        ("rotate(1..)", 11, "a number is expected here, not \")\""),
        ("rotate(-5..5", 13, "a \")\" is missing"),
        ("flip rotate", 6, "a comma is expected here, not \"r\""),
        ("flip,", 6, "the text ends where the name of an operation is expected"),
        ("flip,,vflip", 6, "is expected here, not \",\""),
        ("flip(p=0.1,p=0.2)", 12, "p is given twice"),
        ("flip(0.1,0.2)", 10, "flip has 1 parameters"),
        ("flip(p=2)", 6, "a probability is 0 to 1"),
        ("flip,translate(0.1..0.2)", 16, "share is one number, not a range"),
        ("cutout(1.5..2)", 8, "count is a whole number"),
        ("rotate(p=0.5,-5..5)", 14, "an argument without a name stands after one with a name"),
        ("scale(0..1)", 7, "a factor is 0.01 to 100"),
        ("blur(1e999)", 6, "a number is expected here, not \"1e999\""),
        ("mosaic(99999999999)", 8, "side is a whole number"),
        ("mosaic(100000)", 8, "a side is 2 to 16384 pixels"),
    ])
    func faultsAreNamedWithTheirPlace(_ text: String, _ column: Int, _ reason: String) throws {
        let error = #expect(throws: OperationTextError.self) { try Self.recipe(text) }
        #expect(error?.column == column)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("column \(column)") == true)
    }
}
