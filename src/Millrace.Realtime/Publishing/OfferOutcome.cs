namespace Millrace.Realtime.Publishing;

/// <summary>What an outbox did with a publication.</summary>
/// <param name="Dropped">How many older publications it dropped for it.</param>
/// <param name="Overflowed">The connection must be closed: the publication was not accepted.</param>
internal readonly record struct OfferOutcome(int Dropped, bool Overflowed);
