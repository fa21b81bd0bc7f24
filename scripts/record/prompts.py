"""Synthetic chat prompts from a small grammar of topics, question forms and pasted context.

Everything here is the project's own text, so a recording contains nobody's conversation. A prompt is a pure function of
(purpose, index): a resumed recording sends exactly the requests it would have sent without the interruption. The text is
sent to the model and thrown away; the traces keep its length only.
"""

from __future__ import annotations

import math
import random

SEED = 20250217

TOPICS = [
    "a sourdough starter", "the tides", "compound interest", "a bicycle gearbox", "tomato seedlings", "a rental contract",
    "photosynthesis", "unit tests", "a night train timetable", "the water cycle", "a chess opening", "radio antennas",
    "migratory birds", "a household budget", "lithium batteries", "a kitchen renovation", "volcanic soil", "garbage collection",
    "medieval bridges", "a job interview", "sleep rhythms", "a backyard telescope", "public libraries", "glass recycling",
    "a marathon plan", "coffee roasting", "hash tables", "a small claims court", "coral reefs", "wool dyeing",
    "traffic lights", "a beginner's piano piece", "heat pumps", "the printing press", "bread ovens", "satellite orbits",
    "a school newsletter", "river deltas", "error messages", "an apartment balcony", "folk dances", "the metric system",
]
AUDIENCES = [
    "a ten-year-old", "my grandmother", "a new colleague", "a busy manager", "someone who failed the exam", "a curious tourist",
    "a first-year student", "our support team", "a sceptical friend", "a volunteer group",
]
GOALS = [
    "save money", "avoid the usual mistakes", "finish before Friday", "understand the basics", "explain it on one page",
    "compare two options", "prepare a short talk", "fix what went wrong last time", "use less energy", "plan the next step",
]
QUESTIONS = [
    "What is {topic}?", "How does {topic} work?", "Why does {topic} matter?", "Explain {topic} to {audience}.",
    "Give me three facts about {topic}.", "Write a short note about {topic} for {audience}.",
    "How can I {goal} when I deal with {topic}?", "List the steps to {goal} with {topic}.",
    "What should {audience} know about {topic} in order to {goal}?", "Compare {topic} with {other} in a few sentences.",
    "I want to {goal}. Is {topic} or {other} the better place to start?", "Tell me a story about {topic} and {other}.",
    "What is the difference between {topic} and {other}?", "Suggest a title for an article on {topic}.",
    "Can you help me {goal}? It is about {topic}, and I have to tell {audience}.",
]
LEADS = [
    "Here is what I have so far.", "Some background first.", "This is from my notes.", "Please read the following text.",
    "Context below.", "I copied this from an older message.",
]
SUBJECTS = [
    "the neighbour", "our team", "the first report", "an old manual", "the teacher", "a recent survey", "the committee",
    "my brother", "the supplier", "a local engineer", "the second chapter", "the weather service", "the club", "an early draft",
]
VERBS = [
    "says that", "shows that", "assumes that", "denies that", "could not confirm that", "explains why", "suggests that",
    "measured how often", "was surprised that", "only mentions that",
]
CLAIMS = [
    "{topic} needs about {n} minutes more than planned", "{topic} was tried {n} times in {year}",
    "the cost of {topic} rose by {n} percent", "nobody had looked at {topic} since {year}",
    "{topic} and {other} depend on each other", "{n} of {m} people prefer {other} to {topic}",
    "the usual advice on {topic} is out of date", "{topic} works better in winter", "{other} should come before {topic}",
    "there are {n} kinds of {topic}, and most of them are rare", "the instructions for {topic} leave out step {n}",
]
LINKS = ["", "", "", "However, ", "In addition, ", "For example, ", "Later on, ", "As far as I know, ", "On the other hand, "]


def generator(purpose: str, index: int) -> random.Random:
    """Seeding with a string is stable across Python versions and processes (it is hashed with SHA-512)."""
    return random.Random(f"{SEED}/{purpose}/{index}")


def _fill(rng: random.Random, form: str) -> str:
    topic, other = rng.sample(TOPICS, 2)
    return form.format(
        topic=topic, other=other, audience=rng.choice(AUDIENCES), goal=rng.choice(GOALS),
        n=rng.randint(2, 40), m=rng.randint(41, 90), year=rng.randint(1950, 2024),
    )


def context_sentence(rng: random.Random) -> str:
    text = f"{rng.choice(LINKS)}{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {_fill(rng, rng.choice(CLAIMS))}."
    return text[0].upper() + text[1:]


def prose(rng: random.Random, words: int) -> str:
    """At least `words` words of running text, to be cut to an exact number of tokens."""
    sentences: list[str] = []
    while sum(s.count(" ") + 1 for s in sentences) < words:
        sentences.append(context_sentence(rng))
    return " ".join(sentences)


def chat_prompt(rng: random.Random, median_tokens: float = 60.0, sigma: float = 0.95, largest_tokens: float = 1500.0) -> str:
    """A question, and below it as much pasted context as a log-normal length asks for: many short chats, a long tail."""
    tokens = min(median_tokens * math.exp(rng.gauss(0.0, sigma)), largest_tokens)
    words = (tokens - 10) / 1.25  # the chat template adds about ten tokens; English takes about 1.25 tokens per word
    question = _fill(rng, rng.choice(QUESTIONS))
    missing = words - question.count(" ") - 1
    if missing < 12:
        return question
    return f"{question} {rng.choice(LEADS)}\n\n{prose(rng, round(missing) - 8)}"
