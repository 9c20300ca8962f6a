using Lineage.Contracts.Format;

namespace Lineage.Agents.Safetensors;

/// <summary>
/// Bounds of safetensors files and their index (docs/FORMAT.md). The header's size is the format's own; the others bound what a header of
/// that size can make a reader allocate, and no file that a training library writes comes near them. Reader and writer keep the same.
/// </summary>
public static class SafetensorsLimits
{
    /// <summary>The reference reader's <c>MAX_HEADER_SIZE</c>.</summary>
    public const int HeaderBytesMax = 100_000_000;

    /// <summary>Bytes of a <c>model.safetensors.index.json</c>.</summary>
    public const int IndexBytesMax = 100_000_000;

    /// <summary>Of one file, and of all files of an index together.</summary>
    public const int TensorsMax = ShardLimits.TensorsMax;

    public const int MetadataMembersMax = 65_536;

    /// <summary>What PyTorch and NumPy stop at.</summary>
    public const int DimensionsMax = 64;

    const int ShownLengthMax = 80;

    /// <summary>Tensor bytes of one file before a model is split over several, as Hugging Face's libraries do.</summary>
    public const long FileBytesMax = 5_000_000_000;

    /// <summary>What a message repeats of a name or text out of a file. A hostile one may take the whole header, or hold what a terminal
    /// obeys, or the quote that ends it in the message.</summary>
    internal static string Shown(string text)
    {
        var shown = text.Length <= ShownLengthMax ? text : $"{text[..ShownLengthMax]}...";
        return shown.Any(static c => char.IsControl(c) || c == '"')
            ? string.Concat(shown.Select(static c => char.IsControl(c) || c == '"' ? '?' : c))
            : shown;
    }
}
