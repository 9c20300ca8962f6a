using System.Text;
using System.Text.Json;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Messages;
using Lineage.Fuzz.Mutations;

namespace Lineage.Fuzz.Targets;

/// <summary>
/// Every JSON text that is kept for ever: the manifest, events by their stored names, messages. The input's first line says which, the rest
/// is the text. What is read has a canonical form, unless that is refused, and the canonical form reads back as itself.
/// </summary>
sealed class ManifestTarget : FuzzTarget
{
    static readonly Dictionary<string, Type> Types = new(
        EventCatalog.Names.Select(static pair => KeyValuePair.Create(pair.Value, pair.Key))
            .Append(KeyValuePair.Create("manifest", typeof(Manifest))).Append(KeyValuePair.Create("message", typeof(FactMessage))),
        StringComparer.Ordinal);

    readonly JsonEdits json = new();

    public override string Name => "manifest";

    /// <summary>Parsed, written, parsed and written again, each with a tree of the text in between.</summary>
    public override long AllocatedBytesMax(int inputLength) => (192L * inputLength) + (256 << 10);

    /// <summary>The outbox, and whoever reads events, takes these for "no such thing in this version".</summary>
    public override bool IsRefusal(Exception e) =>
        e is JsonException or NotSupportedException or FormatException and not ShardFormatException;

    protected override void Run(byte[] input)
    {
        var line = input.AsSpan().IndexOf((byte)'\n');
        var text = input.AsSpan(line + 1);
        var kind = line < 0 ? "" : Encoding.UTF8.GetString(input.AsSpan(0, line));
        if (!Types.TryGetValue(kind, out var type))
        {
            RunAny(input);
            return;
        }

        Stage = 1;
        if (JsonSerializer.Deserialize(text, type, CanonicalJson.Options) is not { } value) return;
        Stage = 2;
        var canonical = CanonicalJson.Write(value, type);
        Stage = 4;
        var again = CanonicalJson.Write(JsonSerializer.Deserialize(canonical, type, CanonicalJson.Options)!, type);
        if (!canonical.AsSpan().SequenceEqual(again)) throw new LawBrokenException($"the canonical form of a {kind} has another one");
    }

    /// <summary>Any JSON at all: the canonical form of the canonical form is itself.</summary>
    void RunAny(byte[] input)
    {
        Stage = 16;
        using var any = JsonDocument.Parse(input, new JsonDocumentOptions { AllowDuplicateProperties = true });
        Stage = 32;
        var canonical = CanonicalJson.Canonicalize(any.RootElement);
        using var again = JsonDocument.Parse(canonical, new JsonDocumentOptions { AllowDuplicateProperties = false });
        if (!canonical.AsSpan().SequenceEqual(CanonicalJson.Canonicalize(again.RootElement)))
            throw new LawBrokenException("the canonical form has another one");
    }

    protected override byte[] Alter(byte[] input, byte[] other, Random random)
    {
        if (random.Next(8) == 0) return AlterBytes(input, other, random);
        var start = input.AsSpan().IndexOf((byte)'\n') + 1;
        Draft.Set(input);
        json.Apply(Draft, random, start, Draft.Length - start);
        return Draft.ToArray();
    }
}
