using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>Identity of a message or command, derived from what it says, so that a restarted sender sends the same message again.</summary>
[JsonConverter(typeof(TextValueConverter<MessageId>))]
public readonly record struct MessageId(Guid Value) : ITextValue<MessageId>
{
    /// <summary>
    /// A name-based UUID (RFC 9562, version 8) over SHA-256 of the parts, each ended by a zero byte so that no two lists collide.
    /// </summary>
    public static MessageId Derive(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }

        var bytes = hash.GetHashAndReset().AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);   // version 8
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);   // variant
        return new MessageId(new Guid(bytes, bigEndian: true));
    }

    public static MessageId Parse(string text) => Guid.TryParseExact(text, "D", out var value)
        ? new MessageId(value)
        : throw new FormatException($"\"{text}\" is no message id: expected a UUID such as 0198c0de-0000-8000-8000-000000000000.");

    public override string ToString() => Value.ToString("D");
}
