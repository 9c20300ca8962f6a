using System.Text.Json;
using Lineage.Contracts.Api;

namespace Lineage.Decisions;

/// <summary>An event for another stream than the one that was decided on, to be appended in the same transaction.</summary>
/// <param name="Stream">Key of the stream, for example <c>run/demo</c>.</param>
public sealed record Addressed(string Stream, object Event);

/// <summary>
/// What a decider answers. Closed: <see cref="Accepted"/>, <see cref="AlreadyDone"/>, <see cref="Refused"/>. A bug is an exception, never a
/// decision.
/// </summary>
/// <remarks>
/// After an unknown commit outcome the caller reads the streams again and decides again; the answer is then <see cref="AlreadyDone"/> if
/// the commit took effect. Only <see cref="Accepted"/> and a refusal with a <see cref="Refused.Record"/> touch a stream.
/// </remarks>
public abstract record Decision
{
    Decision() { }

    /// <summary>The one value of <see cref="AlreadyDone"/>.</summary>
    public static Decision Done { get; } = new AlreadyDone();

    public static Decision Accept(params object[] events) => new Accepted(events);

    /// <summary>The command changes something: append these, in order, in one transaction.</summary>
    public sealed record Accepted : Decision
    {
        public Accepted(IReadOnlyList<object> events) =>
            Events = events is { Count: > 0 }
                ? events
                : throw new ArgumentException("An accepted decision has at least one event; nothing to do is AlreadyDone.", nameof(events));

        /// <summary>For the stream that was decided on; never empty, because an empty append must not reach a stream.</summary>
        public IReadOnlyList<object> Events { get; }

        /// <summary>For other streams (the run's lease, an overtaken recovery), same transaction. Usually empty.</summary>
        public IReadOnlyList<Addressed> Elsewhere { get; init; } = [];
    }

    /// <summary>What was asked for already holds (a repeat), or needs no event (a lease renewal is a row). Do not touch the
    /// stream.</summary>
    public sealed record AlreadyDone : Decision
    {
        internal AlreadyDone() { }
    }

    /// <summary>The command is refused; the state it was decided on is unchanged.</summary>
    /// <param name="Code">One of <see cref="ProblemCodes"/>.</param>
    /// <param name="Status">HTTP status.</param>
    /// <param name="Detail">What was refused, which one, got against expected, what state is left, what to do next.</param>
    public sealed record Refused(string Code, int Status, string Title, string Detail) : Decision
    {
        /// <summary>Code-specific members of the problem, such as holder, until, missingRanks, candidates.</summary>
        public IReadOnlyDictionary<string, JsonElement> Extensions { get; init; } =
            new Dictionary<string, JsonElement>(StringComparer.Ordinal);

        /// <summary>Events for the run's stream (<c>run/{run}</c>) although the command is refused: the refusal itself is on record.
        /// Usually empty.</summary>
        public IReadOnlyList<object> Record { get; init; } = [];

        public Problem ToProblem() => Problem.Of(Code, Status, Title, Detail) with
        {
            Extensions = Extensions.ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal),
        };
    }
}
