/// The pieces of SVG that the plots are made of; numbers look the same in every locale.
enum SVG {
    static let colours = [
        "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#7f3c8d", "#11a579", "#b8860b",
    ]
    /// The width of a letter at font size 12, on average and with some room.
    static let letterWidth = 6.8

    /// A whole picture.
    static func picture(width: Double, height: Double, content: String) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" \
        width="\(number(width))" height="\(number(height))" \
        font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333333">
        <rect width="100%" height="100%" fill="#ffffff"/>
        \(content)</svg>

        """
    }

    static func text(_ text: String, x: Double, y: Double, more: String = "") -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\"\(more.isEmpty ? "" : " " + more)>\(escaped(text))</text>"
    }

    /// Words that stay readable on lines: a white copy lies below them.
    static func textOnLines(_ words: String, x: Double, y: Double, more: String) -> String {
        let halo = more + #" stroke="white" stroke-width="4" stroke-linejoin="round""#
        return text(words, x: x, y: y, more: halo) + "\n" + text(words, x: x, y: y, more: more) + "\n"
    }

    static func shortened(_ name: String, to limit: Int = 30) -> String {
        name.count > limit ? name.prefix(limit - 1) + "…" : name
    }

    /// A number with at most two decimals.
    static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "0" }
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }

    /// A text as XML may hold it.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
