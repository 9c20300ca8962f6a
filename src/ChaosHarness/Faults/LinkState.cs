namespace Lineage.ChaosHarness.Faults;

/// <summary>What a link does to what goes over it. The default is a healthy one.</summary>
/// <param name="Delay">Every piece arrives that much later, in either direction.</param>
/// <param name="BytesPerSecond">Narrows each direction; 0 does not.</param>
/// <param name="HoldToServer">Nothing reaches the server. TCP sends again until the link is mended, so what was held arrives then; with
/// both directions held, each end believes for ever that the other one is there (half open).</param>
/// <param name="HoldToClient">What is asked is done, and no answer arrives.</param>
/// <param name="RefuseNew">A new connection is reset at once.</param>
/// <param name="FlipEveryBytes">The lowest bit of every so manieth byte of each direction is inverted; 0 flips none.</param>
/// <param name="Jitter">Every piece arrives later by a part of this that is drawn anew for each.</param>
/// <param name="DripBytes">Pieces are broken up into so many bytes, each sent by itself; 0 leaves them whole.</param>
/// <param name="CutAfterBytes">A direction that passes so many bytes more ends there, in the middle of whatever was sent, and the
/// connection with it; 0 ends none.</param>
public sealed record LinkState(
    TimeSpan Delay = default, long BytesPerSecond = 0, bool HoldToServer = false, bool HoldToClient = false, bool RefuseNew = false,
    int FlipEveryBytes = 0, TimeSpan Jitter = default, int DripBytes = 0, long CutAfterBytes = 0)
{
    public static LinkState Healthy { get; } = new();
}

/// <summary>What a proxy really did, so that a fault without an effect is seen (S21).</summary>
/// <param name="Held">Pieces that had to wait for the link to be mended.</param>
/// <param name="Delayed">Pieces that a delay or a narrow link made late.</param>
/// <param name="Flipped">Bytes that were changed.</param>
/// <param name="Reset">Connections broken off or refused.</param>
/// <param name="Dripped">Pieces that arrived in more parts than they were sent in.</param>
/// <param name="Cut">Connections that ended in the middle of a piece.</param>
public sealed record LinkTally(
    long Connections, long ToServer, long ToClient, long Held, long Delayed, long Flipped, long Reset, long Dripped = 0, long Cut = 0);
