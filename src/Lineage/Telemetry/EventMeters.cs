using Lineage.Checkpoints;
using Lineage.Contracts.Events;

namespace Lineage.Telemetry;

/// <summary>What committed events say in figures. Counted after the commit, so a repeat that decided nothing counts nothing.</summary>
static class EventMeters
{
    const double Milli = 1e-3;

    /// <param name="before">State of the event's stream before it; null where the event says enough.</param>
    public static void Committed(object @event, object? before)
    {
        LineageTelemetry.Events.Add(1, new KeyValuePair<string, object?>("event", EventCatalog.Names[@event.GetType()]));
        switch (@event)
        {
            case CheckpointSealed e:
                LineageTelemetry.CheckpointBytes.Record(e.StoredBytes);
                if (before is Checkpoint { Opened.OpenedAt: var opened })
                    LineageTelemetry.SealSeconds.Record((e.At - opened).TotalSeconds);
                break;
            case CheckpointVerified e when before is Checkpoint { Sealed: { } closed }:
                LineageTelemetry.VerifySeconds.Record((e.At - closed.At).TotalSeconds);
                break;
            case RecoveryCompleted e:
                if (e.LostSteps is { } lost) LineageTelemetry.LostSteps.Record(lost);
                if (before is Restores.Recovery { Started.At: var started })
                    LineageTelemetry.RecoverySeconds.Record((e.At - started).TotalSeconds);
                break;
            case RankRestored e:
                LineageTelemetry.RankRestoreSeconds.Record(e.Milliseconds * Milli);
                break;
        }
    }
}
