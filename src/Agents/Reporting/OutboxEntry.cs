using System.Text;
using System.Text.Json;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Reporting;

/// <summary>
/// One message as a file: its canonical JSON on the first line, the SHA-256 of that line's bytes on the second. Anything else is damage; a
/// half-written file never gets its name, so damage means that the disk or somebody changed it.
/// </summary>
internal static class OutboxEntry
{
    /// <summary>No message comes near this; a longer file is not read into memory.</summary>
    public const int BytesMax = 1 << 20;

    static readonly JsonSerializerOptions Json = CreateOptions();

    public static string NameOf(MessageId id) => $"{id}.json";

    public static byte[] Write(FactMessage message)
    {
        var line = CanonicalJson.Write(message);
        return [.. line, (byte)'\n', .. Encoding.ASCII.GetBytes(ContentHash.Of(line).ToString()), (byte)'\n'];
    }

    /// <summary>The message, or null and what is wrong with the bytes.</summary>
    public static FactMessage? Read(string name, ReadOnlySpan<byte> bytes, out string objection)
    {
        var end = bytes.IndexOf((byte)'\n');
        if (end < 0 || end == bytes.Length - 1 || bytes[^1] != (byte)'\n')
        {
            objection = $"its {bytes.Length:N0} bytes are not two whole lines";
            return null;
        }

        var line = bytes[..end];
        var expected = Encoding.ASCII.GetString(bytes[(end + 1)..^1]);
        var got = ContentHash.Of(line).ToString();
        if (!string.Equals(expected, got, StringComparison.Ordinal))
        {
            objection = $"its first line has digest {got}, its second line says {expected}";
            return null;
        }

        return Parse(name, line, out objection);
    }

    static FactMessage? Parse(string name, ReadOnlySpan<byte> line, out string objection)
    {
        try
        {
            var message = JsonSerializer.Deserialize<FactMessage>(line, Json);
            objection = message is null ? "it holds no message" : name == NameOf(message.Id) ? "" : $"it holds message {message.Id}";
            return objection.Length == 0 ? message : null;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            objection = $"it holds no message that this version knows: {e.Message}";
            return null;
        }
    }

    static JsonSerializerOptions CreateOptions()
    {
        var options = ContractJson.Create();
        options.AllowOutOfOrderMetadataProperties = true;   // canonical order puts other members before "kind"
        return options;
    }
}
