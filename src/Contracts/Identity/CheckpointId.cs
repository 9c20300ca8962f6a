using System.Globalization;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>
/// One checkpoint: the state of a run at one step, written under one generation. Text form <c>run/generation/step</c>. Deterministic, so a
/// restarted writer names the same checkpoint the same way and a newer generation never collides with an older one.
/// </summary>
[JsonConverter(typeof(TextValueConverter<CheckpointId>))]
public readonly record struct CheckpointId(RunId Run, Generation Generation, Step Step) : ITextValue<CheckpointId>
{
    /// <summary>Key of the event stream that holds this checkpoint's life.</summary>
    public string StreamKey => $"checkpoint/{this}";

    public static CheckpointId Parse(string text) => TryParse(text, out var id)
        ? id
        : throw new FormatException($"\"{text}\" names no checkpoint: expected run/generation/step, for example demo/1/120.");

    public static bool TryParse(string? text, out CheckpointId id)
    {
        id = default;
        if (text?.Split('/') is not [var run, var generation, var step] || !RunId.TryParse(run, out var runId)) return false;
        if (!TryNumber(generation, Identity.Generation.Max, out var g) || !TryNumber(step, Identity.Step.Max, out var s)) return false;
        id = new CheckpointId(runId, new Generation(g), new Step(s));
        return string.Equals(id.ToString(), text, StringComparison.Ordinal);   // one spelling only: no leading zeros
    }

    static bool TryNumber(string text, long max, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= max;

    public override string ToString() => $"{Run}/{Generation}/{Step}";
}
