using Lineage.Contracts.Identity;

namespace Lineage.Store;

/// <summary>On whose behalf events are appended; goes into the metadata of every one of them.</summary>
/// <param name="Correlation">Ties together what belongs to one save or one recovery; a W3C trace id where there is one.</param>
/// <param name="Causation">The message or event that led to this; null for a request from outside.</param>
/// <param name="Command">Identity of the command, so that a person can find what a request did.</param>
public sealed record CommandContext(ActorId Actor, string? Correlation, string? Causation, string? Command)
{
    /// <summary>Versions of the stream under which the caller wants the change; null: whichever it has.</summary>
    public IReadOnlyList<long>? Expected { get; init; }

    public static CommandContext ByServer(string? causation) => new(ActorId.Server, Correlation: null, causation, Command: null);
}

/// <summary>One event with its metadata, before it is appended.</summary>
public sealed record Fact(object Event, CommandContext Context);
