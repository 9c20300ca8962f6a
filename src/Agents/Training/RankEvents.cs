using System.Text.Json;
using System.Text.Json.Serialization;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>What a rank tells its launcher. Alive says only that a long wait (joining, restoring, draining) goes on.</summary>
public enum RankEventKind { Joined, Ready, Restored, Step, Saved, Alive, Done, Error }

/// <summary>One line on a rank's standard output. Absent members do not apply to the kind.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Milliseconds">Duration: of the step; of the training stall for saved; of the whole restore for restored.</param>
/// <param name="Loss">Mean over all ranks.</param>
/// <param name="ReadBytes">Stored bytes read by a restore.</param>
/// <param name="StateDigest">SHA-256 of the rank's state, with done and restored.</param>
/// <param name="Code">Stable code of an error.</param>
/// <param name="Peer">The rank that was lost.</param>
public sealed record RankEvent(
    RankEventKind Event, Rank Rank, Generation Generation, Step? Step = null, double? Milliseconds = null, double? Loss = null,
    CheckpointId? Checkpoint = null, long? ReadBytes = null, ContentHash? StateDigest = null, string? Code = null, Rank? Peer = null,
    string? Message = null)
{
    static readonly JsonSerializerOptions Json = CreateJson();

    static JsonSerializerOptions CreateJson()
    {
        var options = ContractJson.Create();
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals;     // a diverged loss is NaN and must be tellable
        return options;
    }

    public string ToLine() => JsonSerializer.Serialize(this, Json);

    /// <summary>False for a line that is no event: native libraries may write to standard output as well.</summary>
    public static bool TryParse(string line, out RankEvent? parsed)
    {
        parsed = null;
        if (!line.StartsWith('{')) return false;
        try
        {
            parsed = JsonSerializer.Deserialize<RankEvent>(line, Json);
            return parsed is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
