using System.ComponentModel.DataAnnotations;

namespace Township.Modules.Voting;

/// <summary>Settings of voting, section <c>Township:Voting</c>.</summary>
internal sealed class VotingSettings
{
    public const string Section = "Township:Voting";

    /// <summary>The shortest time between two pushes of one question's results. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan PushInterval { get; set; } = TimeSpan.FromMilliseconds(250);
}
