/// What a decoding process is asked to read: the input, and the options that matter to it.
struct DecoderRequest: Equatable {
    var input: LiveInput
    var options: MediaOptions

    /// The options that travel, in this order.
    private static let textSeparator: Character = "\u{0}"

    var message: DecoderMessage {
        let (kind, address): (Int64, String) =
            switch input {
            case .device(let path): (0, path)
            case .stream(let url): (1, url.secret)
            case .testSource(let graph): (2, graph)
            }
        let live = options.live
        let numbers = [
            kind, Int64(options.maximumPixels), Int64(options.maximumStreams), Int64(options.probeSize),
            Int64(options.decoderThreads), options.autorotates ? 1 : 0, (live.deviceRate ?? 0).wire,
        ]
        let texts = [address, live.rtspTransport, live.deviceSize ?? "", live.deviceFormat ?? ""]
        return DecoderMessage(.request, numbers, text: texts.joined(separator: String(Self.textSeparator)))
    }

    init(_ input: LiveInput, options: MediaOptions) {
        self.input = input
        self.options = options
    }

    init?(_ message: DecoderMessage) {
        guard message.kind == .request else { return nil }
        let texts = message.text.split(separator: Self.textSeparator, omittingEmptySubsequences: false).map(String.init)
        guard texts.count == 4 else { return nil }
        var numbers = NumberReader(message.numbers)
        switch numbers.next() {
        case 0: input = .device(texts[0])
        case 1:
            guard let url = SecretURL(texts[0]) else { return nil }
            input = .stream(url)
        case 2: input = .testSource(texts[0])
        default: return nil
        }
        options = MediaOptions()
        options.maximumPixels = Int(numbers.next())
        options.maximumStreams = Int(numbers.next())
        options.probeSize = Int(numbers.next())
        options.decoderThreads = Int(numbers.next())
        options.autorotates = numbers.next() != 0
        options.decodesAtOnce = true
        let rate = Double(wire: numbers.next()) ?? 0
        options.live.deviceRate = rate > 0 ? rate : nil
        options.live.rtspTransport = texts[1]
        options.live.deviceSize = texts[2].isEmpty ? nil : texts[2]
        options.live.deviceFormat = texts[3].isEmpty ? nil : texts[3]
    }

    static func == (left: DecoderRequest, right: DecoderRequest) -> Bool { left.message == right.message }
}
