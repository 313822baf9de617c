namespace Township.Modules.Voting;

/// <summary>How a question stands: computed once per change, cached, and pushed as it is to everybody who watches.</summary>
/// <param name="QuestionId">The question.</param>
/// <param name="Total">Votes in all.</param>
/// <param name="Electorate">Residents who may vote.</param>
/// <param name="IsOpen">Whether votes still count.</param>
/// <param name="Options">In the order the question gives them.</param>
internal sealed record QuestionResults(
    string QuestionId, long Total, long Electorate, bool IsOpen, IReadOnlyList<OptionResult> Options)
{
    /// <summary>Votes per hundred residents who may vote.</summary>
    public double Participation => Electorate == 0 ? 0 : Math.Round(100.0 * Total / Electorate, 1);
}
