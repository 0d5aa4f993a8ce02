/**
 * The sample's tables: public data of the npm package vega-datasets, as two domains would keep it in their Glue catalogs.
 * What the columns mean: the package's own description of its sources (datapackage.json).
 */
import type { ColumnDefinition } from '../core/ports.ts';

type Label = 'public' | 'internal' | 'confidential' | 'restricted';

interface SampleColumn extends ColumnDefinition {
  Type: string;
  Comment: string;
  Parameters: { 'trellis.classification': string };
}

export interface SampleTable {
  name: string;
  description: string;
  location: string;
  columns: SampleColumn[];
  partitionKeys: SampleColumn[];
  /** The file of vega-datasets. A column's name is its header in lower-case letters and underscores. */
  source: string;
}

export interface SampleDatabase {
  account: string;
  name: string;
  description: string;
  location: string;
  tables: SampleTable[];
}

function column(name: string, type: string, comment: string, label: Label = 'public'): SampleColumn {
  return { Name: name, Type: type, Comment: comment, Parameters: { 'trellis.classification': label } };
}

const FLIGHTS: SampleTable = {
  name: 'flights',
  description: 'Three million flights within the United States from January to June 2001, one row each.',
  location: 's3://trellis-aviation/ops/flights/',
  source: 'flights-3m.parquet',
  columns: [
    column('date', 'timestamp', 'Date and time of the flight'),
    column('delay', 'bigint', 'Minutes that the flight was late; negative when it was early'),
    column('distance', 'bigint', 'Miles between origin and destination'),
    column('origin', 'string', 'IATA code of the airport of departure'),
    column('destination', 'string', 'IATA code of the airport of arrival'),
  ],
  partitionKeys: [],
};

const AIRPORTS: SampleTable = {
  name: 'airports',
  description: 'Airports of the United States and a few of the western Pacific, one row each.',
  location: 's3://trellis-aviation/ops/airports/',
  source: 'airports.csv',
  columns: [
    column('iata', 'string', 'Code of the airport; the IATA code where it has one'),
    column('name', 'string', 'Name of the airport'),
    column('city', 'string', 'City that the airport serves'),
    column('state', 'string', 'Two-letter code of the state or territory'),
    column('country', 'string', 'Country'),
    column('latitude', 'double', 'Degrees of latitude, positive to the north'),
    column('longitude', 'double', 'Degrees of longitude, positive to the east'),
  ],
  partitionKeys: [],
};

const BIRDSTRIKES: SampleTable = {
  name: 'birdstrikes',
  description: 'Reports of collisions between aircraft and wildlife in the United States, one row each.',
  location: 's3://trellis-aviation/ops/birdstrikes/',
  source: 'birdstrikes.csv',
  columns: [
    column('airport_name', 'string', 'Airport nearest to the collision'),
    column('aircraft_make_model', 'string', 'Make and model of the aircraft', 'internal'),
    column(
      'effect_amount_of_damage',
      'string',
      'How much damage was done: None, Minor, Medium, Substantial; B and C as reported',
    ),
    column('flight_date', 'date', 'Day of the flight'),
    column('aircraft_airline_operator', 'string', 'Who operated the aircraft', 'internal'),
    column('origin_state', 'string', 'State of the airport'),
    column('phase_of_flight', 'string', 'What the aircraft was doing: Climb, Approach, Landing Roll, and so on'),
    column('wildlife_size', 'string', 'Small, Medium or Large'),
    column('wildlife_species', 'string', 'Species of the animal, as reported'),
    column('time_of_day', 'string', 'Dawn, Day, Dusk or Night'),
    column('cost_other', 'bigint', 'Costs other than repair, US dollars', 'confidential'),
    column('cost_repair', 'bigint', 'Cost of repair, US dollars', 'confidential'),
    column('cost_total', 'bigint', 'Cost of repair and all other costs, US dollars', 'confidential'),
    column('speed_ias_in_knots', 'bigint', 'Indicated air speed of the aircraft, knots'),
  ],
  partitionKeys: [],
};

const WEATHER: SampleTable = {
  name: 'weather',
  description: 'Daily weather of New York and Seattle from 2012 to 2015, one row for each day and place.',
  location: 's3://trellis-climate/observations/weather/',
  source: 'weather.csv',
  columns: [
    column('date', 'date', 'Day of the observation'),
    column('precipitation', 'double', 'Rain and melted snow, millimetres'),
    column('temp_max', 'double', 'Highest temperature, degrees Celsius'),
    column('temp_min', 'double', 'Lowest temperature, degrees Celsius'),
    column('wind', 'double', 'Wind speed, kilometres per hour'),
    column('weather', 'string', 'Kind of weather: drizzle, fog, rain, snow or sun'),
  ],
  partitionKeys: [column('location', 'string', 'City of the weather station')],
};

const CO2: SampleTable = {
  name: 'co2',
  description: 'Monthly concentration of carbon dioxide in the air at Mauna Loa since March 1958.',
  location: 's3://trellis-climate/observations/co2/',
  source: 'co2-concentration.csv',
  columns: [
    column('date', 'date', 'First day of the month'),
    column('co2', 'double', 'Carbon dioxide in the air, parts per million of the mole fraction'),
    column('adjusted_co2', 'double', 'The same without its seasonal cycle, parts per million', 'internal'),
  ],
  partitionKeys: [],
};

export const SAMPLE_DATABASES: SampleDatabase[] = [
  {
    account: '222222222222',
    name: 'ops',
    description: 'Flights, airports and what happens to aircraft.',
    location: 's3://trellis-aviation/ops/',
    tables: [FLIGHTS, AIRPORTS, BIRDSTRIKES],
  },
  {
    account: '333333333333',
    name: 'observations',
    description: 'Weather and the atmosphere, as measured.',
    location: 's3://trellis-climate/observations/',
    tables: [WEATHER, CO2],
  },
];
