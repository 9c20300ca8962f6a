using Lineage.Agents.Codec;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>What a shard is written from: the state's chunks in order, group by group, and what the codec may know beside each. Thread
/// safe, if the states are.</summary>
sealed class ChunkFeed
{
    readonly Lock gate = new();
    readonly IEnumerator<IReadOnlyList<ChunkPlace>> groups;
    readonly TensorLinks links;
    readonly int chunkElements;
    readonly Dictionary<ulong, ChunkPlace> firsts = [];
    int given;
    bool stopped;

    public ChunkFeed(ITensorBytes state, ITensorBytes? baseState, int chunkElements)
    {
        (State, Base, this.chunkElements) = (state, baseState, chunkElements);
        links = TensorLinks.Of(state.Tensors);
        groups = GroupPlan.Of(ChunkPlan.Of(state.Tensors, chunkElements)).GetEnumerator();
        NoteFirsts();
    }

    public ITensorBytes State { get; }

    public ITensorBytes? Base { get; }

    /// <summary>The next group and its number; false when there is none left.</summary>
    public bool TryNext(out int number, out IReadOnlyList<ChunkPlace> group)
    {
        lock (gate)
        {
            var more = !stopped && groups.MoveNext();
            (number, group) = (given, more ? groups.Current : []);
            if (more) given++;
            return more;
        }
    }

    /// <summary>No more groups: some worker has failed.</summary>
    public void Stop()
    {
        lock (gate) stopped = true;
    }

    /// <summary>The tensor beside this one, and what it is to it.</summary>
    public (ChunkSource Is, int Tensor) SourceOf(int tensor) => links switch
    {
        _ when links.Masters[tensor] is >= 0 and var master => (ChunkSource.Master, master),
        _ when links.SecondMoments[tensor] is >= 0 and var second => (ChunkSource.SecondMoment, second),
        _ => (ChunkSource.None, -1),
    };

    /// <summary>An earlier chunk that probably has the same bytes; null if none is known.</summary>
    public ChunkPlace? Earlier(ChunkPlace place) =>
        State.HashAtCapture(place.Tensor, place.Ordinal) is { } hash && firsts.TryGetValue(hash, out var first)
        && first.Length == place.Length && (first.Tensor, first.Ordinal).CompareTo((place.Tensor, place.Ordinal)) < 0
        && State.Tensors[first.Tensor].Dtype == State.Tensors[place.Tensor].Dtype ? first : null;

    /// <summary>Only of tensors beside which no other stands: what refers to a chunk must never be led on by it.</summary>
    void NoteFirsts()
    {
        foreach (var place in ChunkPlan.Of(State.Tensors, chunkElements))
            if (SourceOf(place.Tensor).Is == ChunkSource.None && State.HashAtCapture(place.Tensor, place.Ordinal) is { } hash)
                firsts.TryAdd(hash, place);
    }
}
