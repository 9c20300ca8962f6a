using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>
/// A SHA-256 digest. Text form <c>sha256:</c> and 64 lower-case hexadecimal digits. The default value is no digest and equals no real one.
/// </summary>
[JsonConverter(typeof(TextValueConverter<ContentHash>))]
public readonly struct ContentHash : ITextValue<ContentHash>, IEquatable<ContentHash>
{
    public const int SizeBytes = 32;
    const string Prefix = "sha256:";

    readonly string? hex;

    ContentHash(string hex) => this.hex = hex;

    public static ContentHash Of(ReadOnlySpan<byte> bytes) => FromDigest(SHA256.HashData(bytes));

    /// <param name="digest">The 32 bytes of a finished SHA-256.</param>
    public static ContentHash FromDigest(ReadOnlySpan<byte> digest) => digest.Length == SizeBytes
        ? new ContentHash(Convert.ToHexStringLower(digest))
        : throw new FormatException($"A SHA-256 digest has {SizeBytes} bytes, got {digest.Length}.");

    public bool IsNone => hex is null;

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public string Hex => hex ?? throw new InvalidOperationException("This ContentHash was never set; it is no digest.");

    /// <summary>The first 12 digits: enough for people, never for a check.</summary>
    public string Short => Hex[..12];

    public byte[] ToBytes() => Convert.FromHexString(Hex);

    public static ContentHash Parse(string text)
    {
        if (text.Length == Prefix.Length + (2 * SizeBytes) && text.StartsWith(Prefix, StringComparison.Ordinal)
            && !text.AsSpan(Prefix.Length).ContainsAnyExcept("0123456789abcdef"))
            return new ContentHash(text[Prefix.Length..]);
        throw new FormatException($"\"{text}\" is no content hash: expected {Prefix} and {2 * SizeBytes} lower-case hexadecimal digits.");
    }

    public bool Equals(ContentHash other) => string.Equals(hex, other.hex, StringComparison.Ordinal);

    public override bool Equals(object? obj) => obj is ContentHash other && Equals(other);

    public override int GetHashCode() => hex is null ? 0 : StringComparer.Ordinal.GetHashCode(hex);

    public static bool operator ==(ContentHash left, ContentHash right) => left.Equals(right);

    public static bool operator !=(ContentHash left, ContentHash right) => !left.Equals(right);

    public override string ToString() => hex is null ? "(no digest)" : Prefix + hex;
}
