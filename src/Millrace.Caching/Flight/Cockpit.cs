namespace Millrace.Caching.Flight;

/// <summary>Where code finds the flight whose factory it runs in; emptied when the factory ends, so that what it left running keeps no value alive. Thread-safe.</summary>
/// <param name="flight">The flight.</param>
internal sealed class Cockpit(SingleFlight flight)
{
    private SingleFlight? _flight = flight;

    /// <summary>The flight, which is known from now on; null when its factory has ended.</summary>
    public SingleFlight? Look()
    {
        if (Volatile.Read(ref _flight) is not { } flight)
        {
            return null;
        }

        flight.IsKnown = true;
        Interlocked.MemoryBarrier(); // before the second look, as in Empty: either it sees that the flight is known, or this that it is empty
        return Volatile.Read(ref _flight);
    }

    /// <summary>The factory has ended: whoever has not looked by now knows nothing of its flight.</summary>
    public void Empty() => Interlocked.Exchange(ref _flight, null);
}
