using System.Globalization;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>
/// One recovery of a run. It is named by the generation that it starts (text form <c>run/generation</c>), because a generation after the
/// first begins with exactly one recovery; that makes the name deterministic and lets a checkpoint's descent be found from its own
/// identity.
/// </summary>
[JsonConverter(typeof(TextValueConverter<RecoveryId>))]
public readonly record struct RecoveryId(RunId Run, Generation Generation) : ITextValue<RecoveryId>
{
    /// <summary>Key of the event stream that holds this recovery.</summary>
    public string StreamKey => $"recovery/{this}";

    public static RecoveryId Parse(string text) =>
        text.Split('/') is [var run, var generation] && RunId.TryParse(run, out var runId)
            && long.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var g) && g <= Identity.Generation.Max
                ? new RecoveryId(runId, new Generation(g))
                : throw new FormatException($"\"{text}\" names no recovery: expected run/generation, for example demo/2.");

    public override string ToString() => $"{Run}/{Generation}";
}
