import ArgumentParser
import Augmentation
import Foundation
import Lab
import Media
import Saccade
import Training

struct LabAugmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "augment",
        abstract: "Change samples and their labels at random, look at them, and measure what each operation is worth.",
        discussion: """
            Samples are pictures (with boxes as YOLO's text or PASCAL VOC's XML), WAV files, or lines of text. Each has a \
            seed of three numbers, run/epoch/sample, that makes it again, bit for bit, out of the same files. Operations \
            that are added or left out do not change what the others draw.

              saccade lab augment photos/ --preview grid.png
              saccade lab augment photos/ --operations "flip,mosaic(320)" --count 4 -o augmented/
              saccade lab augment photos/ --sample 0/3/17 -o again/
              saccade lab augment --list
              saccade lab augment --ablate --task digits --epochs 8 --seeds 3
            """)

    @Argument(help: "Pictures, WAV files or texts, or folders with them.")
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            "What is done, such as \"flip,rotate(degrees=-10..10,p=0.5)\"; \"list\" prints all operations.",
            valueName: "text"))
    var operations: String?

    @Flag(help: "Print all operations with their parameters and defaults.")
    var list = false

    @Option(
        help: ArgumentHelp(
            "The folder with the labels. Default: beside the pictures, or where YOLO and VOC have them.",
            valueName: "folder"))
    var labels: String?

    @Option(
        help: ArgumentHelp("The classes' names, separated by commas, or a file with one a line.", valueName: "names"))
    var names: String?

    @Flag(help: "Look for no labels.")
    var unlabelled = false

    @Option(help: ArgumentHelp("Synonyms: words separated by commas, one group a line.", valueName: "file"))
    var synonyms: String?

    @Option(help: ArgumentHelp("Fit pictures into a square of this side, in pixels.", valueName: "n"))
    var size: Int?

    @Option(help: ArgumentHelp("The share of an object that must be left for its box to stay.", valueName: "share"))
    var minVisibility = 0.2

    @Option(help: ArgumentHelp("The run: the first number of the samples' seeds.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Make one sample again, by its seed run/epoch/sample.", valueName: "seed"))
    var sample: String?

    @Option(help: ArgumentHelp("Variants of each sample: epochs 0, 1 …", valueName: "n"))
    var count: Int?

    @Option(
        help: ArgumentHelp(
            "Samples, evenly spread over all. Default: all with -o, else 4.", valueName: "n"))
    var samples: Int?

    @Option(help: ArgumentHelp("A sheet of samples and their variants, .png or .jpg.", valueName: "file"))
    var preview: String?

    @Option(help: ArgumentHelp("The side of the sheet's cells, in pixels.", valueName: "n"))
    var cell = 256

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Write the samples, their labels and records.jsonl into a folder.", valueName: "folder"))
    var out: String?

    @OptionGroup(title: "Ablation") var ablation: LabAblationArguments

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    var printsList: Bool { list || operations == "list" }

    func validate() throws {
        if printsList { return }
        guard ablation.ablate || !paths.isEmpty else {
            throw ValidationError("name pictures, WAV files, texts or a folder; or --ablate --task …, or --list")
        }
        guard !ablation.ablate || paths.isEmpty && preview == nil && out == nil && sample == nil else {
            throw ValidationError("--ablate trains a --task; it takes no files, --preview, --sample or -o")
        }
        guard ablation.ablate || ablation.task == nil else { throw ValidationError("--task is for --ablate") }
        if let sample, SampleSeed(sample) == nil {
            throw ValidationError("--sample \(sample): a seed is run/epoch/sample, such as 42/3/17")
        }
        guard sample == nil || (count == nil && samples == nil && preview == nil) else {
            throw ValidationError("--sample makes one sample: it takes no --count, --samples or --preview")
        }
        guard (1...16_384).contains(size ?? 1) else { throw ValidationError("--size must be 1 to 16384") }
        guard (0...1).contains(minVisibility) else { throw ValidationError("--min-visibility must be 0 to 1") }
        guard (1...1_000_000).contains(count ?? 1) else { throw ValidationError("--count must be 1 to 1000000") }
        guard (1...1_000_000_000).contains(samples ?? 1) else { throw ValidationError("--samples must be at least 1") }
        guard (32...1024).contains(cell) else { throw ValidationError("--cell must be 32 to 1024") }
        guard preview.map(ImageWriter.canWrite) ?? true else {
            throw ValidationError("--preview is a .png or .jpg file")
        }
        guard !unlabelled || labels == nil else {
            throw ValidationError("--labels and --unlabelled exclude each other")
        }
    }

    func run() throws {
        try runLab(json: json) {
            let progress = LabProgress(isQuiet: quiet)
            if printsList { return try StandardOutput.write(AugmentationRecipe.usage) }
            try progress.observing {
                if ablation.ablate {
                    try ablation.run(
                        operations: operations, options: recipeOptions(), seed: seed, json: json, progress)
                } else {
                    try augment(progress)
                }
            }
        }
    }

    private func recipeOptions() throws -> AugmentationRecipe.Options {
        var options = AugmentationRecipe.Options()
        (options.side, options.minimumVisibility) = (size, minVisibility)
        if let synonyms { options.synonyms = try SynonymTable(file: synonyms) }
        return options
    }

    /// A folder of samples is not written into: names could meet, and the next run would find other samples.
    private func checkFolder() throws {
        func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        guard let out, paths.contains(where: { resolved($0) == resolved(out) }) else { return }
        throw SaccadeError(
            reason: "refused", message: "-o \(out) is the folder of the samples: name another one", exitCode: 64)
    }

    private func augment(_ progress: LabProgress) throws {
        try checkFolder()
        let all = try load(progress)
        if let sample, let seed = SampleSeed(sample) { return try again(all, seed, progress) }
        let chosen = all.spread(samples ?? (out == nil ? 4 : all.count))
        // Samples at fault are known before a folder or a picture is made.
        if let preview {
            if case .texts = all.source {
                throw SaccadeError(
                    reason: "refused", message: "--preview draws pictures and sounds; texts are printed without it",
                    exitCode: 64)
            }
            let epochs = count ?? 5
            progress.tell("\(chosen.count) of \(all.count) samples, \(epochs) variants of each")
            if let sheet = try all.preview(run: seed, samples: chosen, epochs: epochs, cellSide: cell) {
                try ImageWriter().write(sheet, to: preview)
                progress.tell("preview: \(preview)")
            }
        }
        if preview != nil, out == nil { return }
        let epochs = count ?? 1
        let writer = try out.map { try LabAugmentWriter(folder: $0, samples: all) }
        try writer?.writeRecipe(all, run: seed, count: epochs, paths: paths, minimumVisibility: minVisibility)
        var records = ""
        for (number, index) in chosen.enumerated() {
            for epoch in 0..<epochs {
                guard progress.goesOn else {
                    try writer?.finish(records: records)
                    throw CancellationError()
                }
                let sample = try all.sample(SampleSeed(run: seed, epoch: epoch, index: index))
                let record = try LabAugmentRecord(sample, file: writer?.write(sample)).json()
                records += record
                if writer == nil { try StandardOutput.write(shown(sample, record)) }
            }
            progress.show("samples  \(number + 1)/\(chosen.count)")
        }
        guard let writer else { return }
        try writer.finish(records: records)
        progress.tell("\(chosen.count * epochs) samples and records.jsonl written to \(writer.path)")
    }

    /// One sample by its seed, beside its record.
    private func again(_ all: AugmentedSamples, _ seed: SampleSeed, _ progress: LabProgress) throws {
        let sample = try all.sample(seed)
        let writer = try out.map { try LabAugmentWriter(folder: $0, samples: all) }
        let record = try LabAugmentRecord(sample, file: writer?.write(sample)).json()
        try writer?.finish(records: record, name: sample.stem + ".json")
        try StandardOutput.write(shown(sample, record))
    }

    /// Texts are shown as they are, others by their record.
    private func shown(_ sample: AugmentedSample, _ record: String) -> String {
        json ? record : sample.line.map { $0 + "\n" } ?? "\(sample.record)\n"
    }

    private func load(_ progress: LabProgress) throws -> AugmentedSamples {
        let files = try SampleFiles(paths)
        let recipe = try AugmentationRecipe(operations, kind: files.kind, options: recipeOptions())
        switch files.kind {
        case .pictures:
            let pictures = try LabelledPictures(
                files.files, labels: labels, names: try classNames(), isLabelled: !unlabelled)
            if !pictures.isLabelled, !unlabelled { progress.tell("no labels were found: pictures alone are changed") }
            return AugmentedSamples(.pictures(pictures), recipe: recipe)
        case .sounds:
            if out != nil, recipe.text.contains("mask(") {
                progress.tell("masks are of spectrograms: WAV files are written without them")
            }
            return AugmentedSamples(.sounds(files.files), recipe: recipe)
        case .texts: return AugmentedSamples(.texts(try TextLines(files.files)), recipe: recipe)
        }
    }

    private func classNames() throws -> [String] {
        guard let names else { return [] }
        if FileManager.default.fileExists(atPath: names) { return try LabelledPictures.readNames(names) }
        let list = names.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard !list.contains("") else {
            throw SaccadeError(
                reason: "refused", message: "--names \(names): a name is empty, and there is no such file",
                exitCode: 64)
        }
        return list
    }
}
