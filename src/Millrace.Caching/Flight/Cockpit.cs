namespace Millrace.Caching.Flight;

/// <summary>Where code finds the flight whose factory it runs in; emptied when the factory ends, so that what it left running keeps no value alive.</summary>
internal sealed class Cockpit
{
    private volatile SingleFlight? _flight;

    public SingleFlight? Flight
    {
        get => _flight;
        set => _flight = value;
    }
}
