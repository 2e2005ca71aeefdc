import Glibc
import Media

/// What a program does that `SourceOptions.decoder` names: `saccade` itself, or one that embeds the library and calls this
/// first.
///
///     if CommandLine.arguments.dropFirst().first == SourceDecoder.command { SourceDecoder.run() }
public enum SourceDecoder {
    /// The first argument of a process that shall decode.
    public static let command = DecoderProcess.command

    /// Decodes one connection of a source for the process that started this one, and ends.
    public static func run() -> Never { exit(DecoderProcess.run()) }
}
