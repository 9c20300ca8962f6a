namespace Lineage.Agents.Tiers;

/// <summary>
/// Every point of a save after which a crash leaves something different behind, in the order of one healthy save. Closed and enumerable,
/// so that a sweep can stop the process at each of them; docs/ARCHITECTURE.md says for each what is on disk and who mends it.
/// </summary>
public enum DurableStep
{
    /// <summary>The service has the checkpoint on record as open; nothing is on disk.</summary>
    Opened,

    /// <summary>An empty temporary file exists.</summary>
    TempCreated,

    /// <summary>The shard's header is in the temporary file.</summary>
    HeaderWritten,

    /// <summary>Some of the shard's body is in the temporary file.</summary>
    PartlyWritten,

    /// <summary>All bytes are in the temporary file, not yet on stable storage.</summary>
    Written,

    /// <summary>All bytes of the temporary file are on stable storage.</summary>
    FileSynced,

    /// <summary>The object has its name; the name may not survive a power loss.</summary>
    Renamed,

    /// <summary>The object and its name are durable.</summary>
    DirectorySynced,

    /// <summary>The report is in a temporary file of the outbox.</summary>
    OutboxTempWritten,

    OutboxSynced,

    OutboxRenamed,

    /// <summary>The report will be re-sent until it is on record, whatever happens to this process.</summary>
    OutboxDirSynced,

    /// <summary>The report was handed to the service or broker.</summary>
    Published,

    /// <summary>The service shows the shard as stored.</summary>
    Acknowledged,

    /// <summary>The report has left the outbox.</summary>
    OutboxRemoved,

    /// <summary>The service shows the checkpoint as closed.</summary>
    Closed,
}

/// <summary>Told when a durable step has just been taken. Tests stop the process here; production uses <see cref="NoSteps"/>.</summary>
public interface IDurableSteps
{
    void Reached(DurableStep step);
}

/// <summary>Watches nothing.</summary>
public sealed class NoSteps : IDurableSteps
{
    NoSteps() { }

    public static NoSteps Instance { get; } = new();

    public void Reached(DurableStep step) { }
}
