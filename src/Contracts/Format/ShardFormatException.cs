using Lineage.Contracts.Events;

namespace Lineage.Contracts.Format;

/// <summary>Bytes that are no whole, unaltered shard object (or safetensors file). The message names file, offset and reason.</summary>
/// <param name="offset">First byte of the field or chunk that was refused.</param>
/// <param name="finding"><see cref="Finding.Truncated"/> where bytes are missing at the end, otherwise
/// <see cref="Finding.Altered"/>.</param>
public sealed class ShardFormatException(string file, long offset, string reason, Finding finding = Finding.Altered)
    : FormatException($"{file}: at byte {offset:N0}: {reason}")
{
    public string File { get; } = file;

    public long Offset { get; } = offset;

    public string Reason { get; } = reason;

    public Finding Finding { get; } = finding;
}
