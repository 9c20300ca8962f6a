using FsCheck.Xunit;
using Lineage.Audit;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Audit;

public sealed class AccessBufferLaws
{
    [Property(MaxTest = 200)]
    public void No_request_is_lost_without_being_counted_whatever_the_order_of_notes_and_takes(byte[] requests)
    {
        const int room = 5, batch = 3;
        var buffer = new AccessBuffer(room, batch);
        var (asked, told) = (0L, 0L);
        foreach (var request in requests ?? [])
        {
            if (request % 8 == 7)
            {
                told += Count(buffer.Take(), batch);
                continue;
            }

            buffer.Note(Entry(request % 8 * 3 + request / 64));
            asked++;
        }

        while (buffer.Take() is { } rest) told += Count(rest, batch);
        Assert.Equal(asked, told);
    }

    [Fact]
    public void The_same_request_again_is_counted_and_what_finds_no_room_is_said_once()
    {
        var buffer = new AccessBuffer(entriesMax: 2, batchMax: 2);
        foreach (var request in new[] { 1, 2, 1, 3, 4, 1 }) buffer.Note(Entry(request));
        var batch = buffer.Take()!;
        Assert.Equal([(1, 3), (2, null)], batch.Entries.Select(static e => (e.Status - 400, e.Count)));
        Assert.Equal(2, batch.Dropped);
        Assert.Null(buffer.Take());
    }

    static AccessEntry Entry(int request) =>
        new(DateTimeOffset.UnixEpoch, ActorId.Server, "plan-restore", "demo", 400 + request, "no-restore-point", null);

    static long Count(AccessBatch? batch, int max)
    {
        Assert.True(batch is null || batch.Entries.Count <= max);
        return batch is null ? 0 : batch.Dropped + batch.Entries.Sum(static e => e.Count ?? 1);
    }
}
