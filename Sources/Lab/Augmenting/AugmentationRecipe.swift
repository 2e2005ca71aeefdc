package import Augmentation

/// A recipe of random changes to samples of any kind, read from a text or given.
///
///     let recipe = try AugmentationRecipe("flip,rotate(-10..10),color(p=0.5)", kind: .pictures)
///     print(recipe.text)             // flip(p=0.5),rotate(degrees=-10..10,p=1),color(brightness=0.3,…)
///     recipe.removing("rotation")    // without the operations of that name
package struct AugmentationRecipe: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case pictures(ImageAugmentation)
        case sounds(AudioAugmentation)
        case texts(TextAugmentation)
    }

    package let content: Content
    /// With all parameters; empty for a recipe that was not read.
    package let text: String

    package init(_ content: Content, text: String = "") {
        self.content = content
        self.text = text
    }

    /// What is read for reading's sake: how large pictures become, what remains of boxes, which words are synonyms.
    package struct Options: Sendable {
        /// The pictures are fitted into a square of this side at last; nil: they keep their sizes.
        package var side: Int?
        /// The share of an object that must be left for its box to stay.
        package var minimumVisibility = 0.2
        package var synonyms = SynonymTable.english

        package init() {}
    }

    /// Reads a text; nil: the usual one.
    package init(_ text: String?, kind: SampleKind, options: Options = Options()) throws {
        let text = text ?? Self.usualText(kind)
        switch kind {
        case .pictures:
            let recipe = try RecipeText(text, forms: OperationForm<ImageOperation>.images(side: options.side ?? 320)) {
                (operation) throws(AugmentationError) in _ = try ImageAugmentation([operation])
            }
            let limit = VisibilityLimit(minimumVisibility: options.minimumVisibility)
            let canvas = options.side.map { [ImageOperation.letterbox(width: $0, height: $0)] } ?? []
            let size = options.side.map { "letterbox(width=\($0),height=\($0))" }
            self.init(
                .pictures(try ImageAugmentation(recipe.operations + canvas, limit: limit)),
                text: ([recipe.text].filter { !$0.isEmpty } + (size.map { [$0] } ?? [])).joined(separator: ","))
        case .sounds:
            let recipe = try RecipeText(text, forms: OperationForm<AudioOperation>.sounds) {
                (operation) throws(AugmentationError) in _ = try AudioAugmentation([operation])
            }
            self.init(.sounds(try AudioAugmentation(recipe.operations)), text: recipe.text)
        case .texts:
            let recipe = try RecipeText(text, forms: OperationForm<TextOperation>.texts) {
                (operation) throws(AugmentationError) in _ = try TextAugmentation([operation])
            }
            self.init(
                .texts(try TextAugmentation(recipe.operations, synonyms: options.synonyms)), text: recipe.text)
        }
    }

    /// What is done when nobody says what.
    package static func usualText(_ kind: SampleKind) -> String {
        switch kind {
        case .pictures:
            "flip,rotate(-8..8),scale(0.7..1.4),translate(0.1),color,blur(0..1.5,p=0.1),noise(0..8,p=0.2),"
                + "jpeg(30..95,p=0.2)"
        case .sounds:
            "stretch(p=0.5),pitch(p=0.5),shift(0.1),gain,noise(10..40,p=0.5),timemask(1,10,p=0.5),"
                + "bandmask(1,6,p=0.5)"
        case .texts: "synonyms,swap(p=0.3),delete,typos(0.01)"
        }
    }

    /// The operations with their parameters and defaults, a line each.
    package static var usage: String {
        func lines<Operation>(_ kind: SampleKind, _ forms: [OperationForm<Operation>]) -> String {
            let width = (forms.map(\.usage.count).max() ?? 0) + 2
            let lines = forms.map { form in
                "  \(form.usage)\(String(repeating: " ", count: max(width - form.usage.count, 1)))\(form.summary)\n"
            }
            return "\(kind.rawValue)\n\(lines.joined())  usual: \(usualText(kind))\n"
        }
        let parts = [
            lines(.pictures, OperationForm<ImageOperation>.images()),
            lines(.sounds, OperationForm<AudioOperation>.sounds), lines(.texts, OperationForm<TextOperation>.texts),
            "p is the probability that an operation takes place. In a range, 5 stands for 5..5.\n",
        ]
        return parts.joined(separator: "\n")
    }

    /// The names of all operations on samples of a kind, as texts have them.
    package static func names(of kind: SampleKind) -> [String] {
        switch kind {
        case .pictures: OperationForm<ImageOperation>.images().map(\.name)
        case .sounds: OperationForm<AudioOperation>.sounds.map(\.name)
        case .texts: OperationForm<TextOperation>.texts.map(\.name)
        }
    }

    /// The names of the operations, each once, as records have them.
    package var operationNames: [String] {
        let names =
            switch content {
            case .pictures(let recipe): recipe.operations.map(\.name)
            case .sounds(let recipe): recipe.operations.map(\.name)
            case .texts(let recipe): recipe.operations.map(\.name)
            }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    /// The recipe without the operations of a name.
    package func removing(_ name: String) -> AugmentationRecipe {
        switch content {
        case .pictures(let recipe): AugmentationRecipe(.pictures(recipe.removing(name)))
        case .sounds(let recipe): AugmentationRecipe(.sounds(recipe.removing(name)))
        case .texts(let recipe): AugmentationRecipe(.texts(recipe.removing(name)))
        }
    }
}
